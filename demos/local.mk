# demos - teaching programs: one file each (life and swarm: some), public headers only
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

noinst_PROGRAMS += %D%/paint
%C%_paint_SOURCES = %D%/paint.c
%C%_paint_LDADD = lib/shmfb/libshmfb.la lib/shmx/libshmx.la -lm

# Draws by cairo, as the viewer's overlay does.
noinst_PROGRAMS += %D%/keys
%C%_keys_SOURCES = %D%/keys.c
%C%_keys_CFLAGS = $(AM_CFLAGS) $(CAIRO_CFLAGS) $(XKB_CFLAGS)
%C%_keys_LDADD = lib/shmfb/libshmfb.la lib/shmx/libshmx.la $(CAIRO_LIBS) \
	$(XKB_LIBS)

# Loops of one's own.
noinst_PROGRAMS += %D%/loop-poll
%C%_loop_poll_SOURCES = %D%/loop-poll.c
%C%_loop_poll_LDADD = lib/shmfb/libshmfb.la lib/shmx/libshmx.la

if HAVE_GLIB
noinst_PROGRAMS += %D%/loop-glib
%C%_loop_glib_SOURCES = %D%/loop-glib.c
%C%_loop_glib_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
%C%_loop_glib_LDADD = lib/shmfb/libshmfb.la lib/shmx/libshmx.la $(GLIB_LIBS)
endif

noinst_PROGRAMS += %D%/cast
%C%_cast_SOURCES = %D%/cast.c
%C%_cast_LDADD = lib/shmfb/libshmfb.la lib/shmx/libshmx.la -lm

noinst_PROGRAMS += %D%/life/life
%C%_life_life_SOURCES = %D%/life/life.c \
	%D%/life/hands.c %D%/life/hands.h \
	%D%/life/picture.c %D%/life/picture.h \
	%D%/life/rle.c %D%/life/rle.h \
	%D%/life/universe.c %D%/life/universe.h
%C%_life_life_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS)
%C%_life_life_LDADD = lib/shmx/libshmx.la $(ZLIB_LIBS)
EXTRA_DIST += \
	%D%/patterns/acorn.rle \
	%D%/patterns/gosper-gun.rle \
	%D%/patterns/one-line.rle \
	%D%/patterns/puffer-train.rle \
	%D%/patterns/r-pentomino.rle \
	%D%/patterns/switch-engine.rle

# A simulation of numbers, and two programs that look at it.
noinst_PROGRAMS += %D%/swarm/swarm %D%/swarm/swarm-window %D%/swarm/swarm-meter
%C%_swarm_swarm_SOURCES = %D%/swarm/swarm.c %D%/swarm/swarm.h \
	%D%/swarm/flock.c %D%/swarm/flock.h
%C%_swarm_swarm_LDADD = lib/shmx/libshmx.la -lm
%C%_swarm_swarm_window_SOURCES = %D%/swarm/swarm-window.c %D%/swarm/swarm.h
%C%_swarm_swarm_window_LDADD = lib/shmfb/libshmfb.la lib/shmx/libshmx.la -lm
%C%_swarm_swarm_meter_SOURCES = %D%/swarm/swarm-meter.c %D%/swarm/swarm.h
%C%_swarm_swarm_meter_LDADD = lib/shmx/libshmx.la -lm

# What `./bootstrap --demo` runs.
EXTRA_DIST += %D%/README.md %D%/pipeline
