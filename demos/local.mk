# demos - teaching programs: one file each, public headers only
#
# Built with everything else, not installed; each also builds by itself with
# `cc FILE $(pkg-config --cflags --libs shmfb)`:
#
#	noinst_PROGRAMS += %D%/plasma
#	%C%_plasma_SOURCES = %D%/plasma.c
#	%C%_plasma_LDADD = lib/shmfb/libshmfb.la lib/shmx/libshmx.la -lm
#

noinst_PROGRAMS += %D%/hello-window
%C%_hello_window_SOURCES = %D%/hello-window.c
%C%_hello_window_LDADD = lib/shmfb/libshmfb.la lib/shmx/libshmx.la

noinst_PROGRAMS += %D%/plasma
%C%_plasma_SOURCES = %D%/plasma.c
%C%_plasma_LDADD = lib/shmfb/libshmfb.la lib/shmx/libshmx.la -lm
