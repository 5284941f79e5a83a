# man - the manual pages; one that is added stands here

dist_man_MANS = \
	%D%/shmfb.3 \
	%D%/shmfb.7 \
	%D%/shmx.1 \
	%D%/shmx-doctor.1 \
	%D%/shmx-ls.1 \
	%D%/shmx-pull.1 \
	%D%/shmx-push.1 \
	%D%/shmx-rm.1 \
	%D%/shmx-top.1 \
	%D%/shmx-view.1
