# man - the manual pages; one that is added stands here

dist_man_MANS = \
	%D%/shmx-doctor.1 \
	%D%/shmx-pull.1 \
	%D%/shmx-view.1
