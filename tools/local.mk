# tools - the shmx command: a dispatcher, and one program for each verb
#
# A verb is one file:
#
#	bin_PROGRAMS += %D%/shmx-view
#	%C%_shmx_view_SOURCES = %D%/shmx-view.c
#	%C%_shmx_view_LDADD = lib/shmfb/libshmfb.la lib/shmx/libshmx.la
#
# and a line in the table of shmx.c, for `shmx --help`.

bin_PROGRAMS += %D%/shmx

# No library: so libtool makes no wrapper of it, and in the build directory
# as anywhere else it finds the verbs beside itself.
%C%_shmx_SOURCES = %D%/shmx.c
