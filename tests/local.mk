# tests - every test speaks TAP; `make check` runs them
#
# A Check program is tests/test-NAME.c; link what it looks into:
#
#	check_programs += %D%/test-ring
#	%C%_test_ring_SOURCES = %D%/test-ring.c
#	%C%_test_ring_LDADD = lib/shmx/libshmx-core.la $(suite_libs)
#
# (inside `if HAVE_CHECK`; -core libraries show the inside, and the seams of
# base can be pulled. A program that links libshmx.la has only what is
# exported.) One that needs an X server is called test-NAME.x11, and goes
# inside `if HAVE_XTEST`:
#
#	check_programs += %D%/test-window.x11
#	%C%_test_window_x11_SOURCES = %D%/test-window.c
#	%C%_test_window_x11_CFLAGS = $(x11_cflags)
#	%C%_test_window_x11_LDADD = lib/shmfb/libshmfb-core.la \
#		lib/shmx/libshmx-core.la $(suite_libs) $(x11_libs)
#
# A shell test is tests/test-NAME.sh, which sources tests/tap.sh; it goes into
# shell_tests.
#
# A test that takes minutes is long-NAME.long, in long_tests: a Check program,
# which goes into EXTRA_PROGRAMS as well, or an executable script, into
# EXTRA_DIST. Were it test-NAME.long, its log would be test-NAME.log, and make
# would run test-NAME for that. `make check-long` runs those, under an X server,
# and `make check` does not.

check_programs =
shell_tests =
long_tests =
suite_libs = %D%/libsuite.la lib/base/libbase.la $(CHECK_LIBS)
x11_cflags = $(AM_CFLAGS) $(CHECK_CFLAGS) $(XTEST_CFLAGS) $(XCB_CFLAGS) $(XKB_CFLAGS)
window_deps = $(XCB_LIBS) $(XKB_LIBS) $(PIXMAN_LIBS) -lm
x11_libs = $(XTEST_LIBS) $(window_deps)

shell_tests += \
	%D%/test-bootstrap.sh \
	%D%/test-doctor.sh \
	%D%/test-exports.sh \
	%D%/test-format.sh \
	%D%/test-guide.sh \
	%D%/test-headers.sh \
	%D%/test-includes.sh \
	%D%/test-install.sh \
	%D%/test-man.sh \
	%D%/test-models.sh \
	%D%/test-ls.sh \
	%D%/test-pull.sh \
	%D%/test-push.sh \
	%D%/test-python.sh \
	%D%/test-servers.sh \
	%D%/test-shmx.sh \
	%D%/test-top.sh \
	%D%/test-wrappers.sh

shell_tests += %D%/test-life-run.sh %D%/test-life-golly.sh

if HAVE_CHECK
check_LTLIBRARIES += %D%/libsuite.la
%C%_libsuite_la_SOURCES = \
	%D%/byhand.h \
	%D%/chance.c %D%/chance.h \
	%D%/child.c %D%/child.h \
	%D%/fault.c %D%/fault.h \
	%D%/frames.h \
	%D%/suite.c %D%/suite.h
%C%_libsuite_la_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)

# What several programs have in common, beside that.
fake_parts = %D%/fake.c %D%/fake.h
deaths_parts = %D%/deaths.c %D%/deaths.h

check_programs += %D%/test-base
%C%_test_base_SOURCES = %D%/test-base.c
%C%_test_base_LDADD = $(suite_libs)

check_programs += %D%/test-book
%C%_test_book_SOURCES = %D%/test-book.c
%C%_test_book_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-channel
%C%_test_channel_SOURCES = %D%/test-channel.c
%C%_test_channel_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-control
%C%_test_control_SOURCES = %D%/test-control.c
%C%_test_control_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-every
%C%_test_every_SOURCES = %D%/test-every.c
%C%_test_every_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-evict
%C%_test_evict_SOURCES = %D%/test-evict.c
%C%_test_evict_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-directory
%C%_test_directory_SOURCES = %D%/test-directory.c
%C%_test_directory_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-faults
%C%_test_faults_SOURCES = %D%/test-faults.c
%C%_test_faults_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-host
%C%_test_host_SOURCES = %D%/test-host.c
%C%_test_host_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-foreign
%C%_test_foreign_SOURCES = %D%/test-foreign.c
%C%_test_foreign_LDADD = %D%/v2/libv2.la lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-guests
%C%_test_guests_SOURCES = %D%/test-guests.c
%C%_test_guests_LDADD = %D%/v2/libv2.la lib/shmx/libshmx-core.la $(suite_libs)
check_programs += %D%/test-grow
%C%_test_grow_SOURCES = %D%/test-grow.c
%C%_test_grow_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-hostile
%C%_test_hostile_SOURCES = %D%/test-hostile.c $(fake_parts)
%C%_test_hostile_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-forward
%C%_test_forward_SOURCES = %D%/test-forward.c tools/forward.c
%C%_test_forward_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tools
%C%_test_forward_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-input-messages
%C%_test_input_messages_SOURCES = %D%/test-input-messages.c
%C%_test_input_messages_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-join
%C%_test_join_SOURCES = %D%/test-join.c
%C%_test_join_LDADD = lib/shmx/libshmx-core.la $(suite_libs)
check_programs += %D%/test-hostile-join
%C%_test_hostile_join_SOURCES = %D%/test-hostile-join.c $(fake_parts)
%C%_test_hostile_join_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-hostile-moves
%C%_test_hostile_moves_SOURCES = %D%/test-hostile-moves.c $(fake_parts)
%C%_test_hostile_moves_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-kill
%C%_test_kill_SOURCES = %D%/test-kill.c $(deaths_parts)
%C%_test_kill_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-killpoints
%C%_test_killpoints_SOURCES = %D%/test-killpoints.c $(deaths_parts)
%C%_test_killpoints_LDADD = lib/shmx/libshmx-kill.la $(suite_libs)
long_tests += %D%/long-killpoints.long
EXTRA_PROGRAMS += %D%/long-killpoints.long
%C%_long_killpoints_long_SOURCES = $(%C%_test_killpoints_SOURCES)
%C%_long_killpoints_long_CPPFLAGS = $(AM_CPPFLAGS) -DLIVES=40
%C%_long_killpoints_long_LDADD = $(%C%_test_killpoints_LDADD)

check_programs += %D%/test-soak
%C%_test_soak_SOURCES = %D%/test-soak.c $(deaths_parts)
%C%_test_soak_LDADD = lib/shmx/libshmx-core.la $(suite_libs)
long_tests += %D%/long-soak.long
EXTRA_PROGRAMS += %D%/long-soak.long
%C%_long_soak_long_SOURCES = $(%C%_test_soak_SOURCES)
%C%_long_soak_long_CPPFLAGS = $(AM_CPPFLAGS) -DSECONDS=60
%C%_long_soak_long_LDADD = $(%C%_test_soak_LDADD)

long_tests += %D%/long-kill.long
EXTRA_PROGRAMS += %D%/long-kill.long
%C%_long_kill_long_SOURCES = %D%/test-kill.c $(deaths_parts)
%C%_long_kill_long_CPPFLAGS = $(AM_CPPFLAGS) -DKILLS=2000 -DKILL_SECONDS=240
%C%_long_kill_long_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-inspect
%C%_test_inspect_SOURCES = %D%/test-inspect.c
%C%_test_inspect_LDADD = %D%/v2/libv2.la lib/shmx/libshmx-core.la \
	$(suite_libs)

check_programs += %D%/test-latency
%C%_test_latency_SOURCES = %D%/test-latency.c
%C%_test_latency_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-memory
%C%_test_memory_SOURCES = %D%/test-memory.c
%C%_test_memory_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-named
%C%_test_named_SOURCES = %D%/test-named.c
%C%_test_named_LDADD = %D%/v2/libv2.la lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-producer
%C%_test_producer_SOURCES = %D%/test-producer.c
%C%_test_producer_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-reader
%C%_test_reader_SOURCES = %D%/test-reader.c
%C%_test_reader_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-records
%C%_test_records_SOURCES = %D%/test-records.c
%C%_test_records_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-ring
%C%_test_ring_SOURCES = %D%/test-ring.c
%C%_test_ring_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-ring-multi
%C%_test_ring_multi_SOURCES = %D%/test-ring-multi.c
%C%_test_ring_multi_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-selftest
%C%_test_selftest_SOURCES = %D%/test-selftest.c
%C%_test_selftest_LDADD = $(suite_libs)

check_programs += %D%/test-streams
%C%_test_streams_SOURCES = %D%/test-streams.c
%C%_test_streams_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-tlv
%C%_test_tlv_SOURCES = %D%/test-tlv.c
%C%_test_tlv_LDADD = lib/shmx/libshmx-core.la $(suite_libs)
# Killed at some instructions, and the .long ones at all of them.
check_programs += %D%/test-step %D%/test-step-attach %D%/test-step-join \
	%D%/test-step-streams
step_longs = %D%/long-step.long %D%/long-step-attach.long \
	%D%/long-step-join.long %D%/long-step-streams.long
long_tests += $(step_longs)
EXTRA_PROGRAMS += $(step_longs)
step_parts = %D%/step.c %D%/step.h
every_step = $(AM_CPPFLAGS) -DSTEP_STRIDE=1
%C%_test_step_SOURCES = %D%/test-step.c $(step_parts)
%C%_test_step_LDADD = lib/shmx/libshmx-core.la $(suite_libs)
%C%_long_step_long_SOURCES = $(%C%_test_step_SOURCES)
%C%_long_step_long_CPPFLAGS = $(every_step)
%C%_long_step_long_LDADD = $(%C%_test_step_LDADD)
%C%_test_step_attach_SOURCES = %D%/test-step-attach.c $(step_parts)
%C%_test_step_attach_LDADD = lib/shmx/libshmx-core.la $(suite_libs)
%C%_long_step_attach_long_SOURCES = $(%C%_test_step_attach_SOURCES)
%C%_long_step_attach_long_CPPFLAGS = $(every_step)
%C%_long_step_attach_long_LDADD = $(%C%_test_step_attach_LDADD)
%C%_test_step_join_SOURCES = %D%/test-step-join.c $(step_parts)
%C%_test_step_join_LDADD = lib/shmx/libshmx-core.la $(suite_libs)
%C%_long_step_join_long_SOURCES = $(%C%_test_step_join_SOURCES)
%C%_long_step_join_long_CPPFLAGS = $(every_step)
%C%_long_step_join_long_LDADD = $(%C%_test_step_join_LDADD)
%C%_test_step_streams_SOURCES = %D%/test-step-streams.c $(step_parts)
%C%_test_step_streams_LDADD = lib/shmx/libshmx-core.la $(suite_libs)
%C%_long_step_streams_long_SOURCES = $(%C%_test_step_streams_SOURCES)
%C%_long_step_streams_long_CPPFLAGS = $(every_step)
%C%_long_step_streams_long_LDADD = $(%C%_test_step_streams_LDADD)

check_programs += %D%/test-syscalls
%C%_test_syscalls_SOURCES = %D%/test-syscalls.c
%C%_test_syscalls_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-v2-follow
%C%_test_v2_follow_SOURCES = %D%/test-v2-follow.c
%C%_test_v2_follow_LDADD = %D%/v2/libv2.la lib/shmx/libshmx-core.la $(suite_libs)

long_tests += %D%/long-v2-follow.long
EXTRA_PROGRAMS += %D%/long-v2-follow.long
%C%_long_v2_follow_long_SOURCES = %D%/test-v2-follow.c
%C%_long_v2_follow_long_CPPFLAGS = $(AM_CPPFLAGS) -DFRAMES=100000
%C%_long_v2_follow_long_LDADD = %D%/v2/libv2.la lib/shmx/libshmx-core.la $(suite_libs)
check_programs += %D%/test-text
%C%_test_text_SOURCES = %D%/test-text.c
%C%_test_text_LDADD = $(suite_libs)

check_programs += %D%/test-hist
%C%_test_hist_SOURCES = %D%/test-hist.c
%C%_test_hist_LDADD = $(suite_libs)

check_programs += %D%/test-draw
%C%_test_draw_SOURCES = %D%/test-draw.c
%C%_test_draw_LDADD = lib/shmfb/libshmfb-core.la \
	lib/shmx/libshmx-core.la $(suite_libs) $(window_deps)

check_programs += %D%/test-geometry
%C%_test_geometry_SOURCES = %D%/test-geometry.c
%C%_test_geometry_LDADD = lib/shmfb/libshmfb-core.la \
	lib/shmx/libshmx-core.la $(suite_libs) $(window_deps)

check_programs += %D%/test-scroll
%C%_test_scroll_SOURCES = %D%/test-scroll.c
%C%_test_scroll_LDADD = lib/shmfb/libshmfb-core.la \
	lib/shmx/libshmx-core.la $(suite_libs) $(window_deps)

check_programs += %D%/test-view-mouse
%C%_test_view_mouse_SOURCES = %D%/test-view-mouse.c tools/view-mouse.c \
	tools/view.h
%C%_test_view_mouse_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tools
%C%_test_view_mouse_LDADD = lib/shmx/libshmx-core.la $(suite_libs) -lm

check_programs += %D%/test-layout
%C%_test_layout_SOURCES = %D%/test-layout.c
%C%_test_layout_LDADD = lib/shmfb/libshmfb-core.la \
	lib/shmx/libshmx-core.la $(suite_libs) $(window_deps)

check_programs += %D%/test-rows
%C%_test_rows_SOURCES = %D%/test-rows.c %D%/colour.c %D%/colour.h \
	tools/convert.c tools/convert.h
%C%_test_rows_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tools
%C%_test_rows_LDADD = lib/shmx/libshmx-core.la $(suite_libs)

check_programs += %D%/test-convert
%C%_test_convert_SOURCES = %D%/test-convert.c %D%/colour.c %D%/colour.h
%C%_test_convert_LDADD = lib/shmfb/libshmfb-core.la \
	lib/shmx/libshmx-core.la $(suite_libs) $(window_deps)

# The parts of demos/life; once more without what needs a certain processor.
life_parts = \
	demos/life/picture.c demos/life/picture.h \
	demos/life/rle.c demos/life/rle.h \
	demos/life/universe.c demos/life/universe.h
check_programs += %D%/test-life %D%/test-life-plain
%C%_test_life_SOURCES = %D%/test-life.c $(life_parts)
%C%_test_life_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/demos/life
%C%_test_life_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS)
%C%_test_life_LDADD = $(suite_libs) $(ZLIB_LIBS)
%C%_test_life_plain_SOURCES = $(%C%_test_life_SOURCES)
%C%_test_life_plain_CPPFLAGS = $(%C%_test_life_CPPFLAGS) -DUNIVERSE_PLAIN
%C%_test_life_plain_CFLAGS = $(%C%_test_life_CFLAGS)
%C%_test_life_plain_LDADD = $(%C%_test_life_LDADD)

check_programs += %D%/test-spin
%C%_test_spin_SOURCES = %D%/test-spin.c
%C%_test_spin_LDADD = lib/shmfb/libshmfb-core.la lib/shmx/libshmx-core.la \
	$(suite_libs)

check_programs += %D%/test-version
%C%_test_version_SOURCES = %D%/test-version.c
%C%_test_version_LDADD = lib/shmfb/libshmfb.la lib/shmx/libshmx.la $(suite_libs)

if HAVE_XTEST
check_programs += %D%/test-xvfb.x11
%C%_test_xvfb_x11_SOURCES = %D%/test-xvfb.c
%C%_test_xvfb_x11_CFLAGS = $(x11_cflags)
%C%_test_xvfb_x11_LDADD = $(suite_libs) $(x11_libs)

# What the tests of the window share.
check_LTLIBRARIES += %D%/libxtool.la
%C%_libxtool_la_SOURCES = %D%/xtool.c %D%/xtool.h
%C%_libxtool_la_CFLAGS = $(x11_cflags)
window_libs = %D%/libxtool.la lib/shmfb/libshmfb-core.la \
	lib/shmx/libshmx-core.la $(suite_libs) $(x11_libs)

check_programs += %D%/test-window.x11
%C%_test_window_x11_SOURCES = %D%/test-window.c
%C%_test_window_x11_CFLAGS = $(x11_cflags)
%C%_test_window_x11_LDADD = $(window_libs)

check_programs += %D%/test-window-faults.x11
%C%_test_window_faults_x11_SOURCES = %D%/test-window-faults.c \
	%D%/cut.c %D%/cut.h
%C%_test_window_faults_x11_CFLAGS = $(x11_cflags)
%C%_test_window_faults_x11_LDADD = $(window_libs)

check_programs += %D%/test-accounting.x11
%C%_test_accounting_x11_SOURCES = %D%/test-accounting.c
%C%_test_accounting_x11_CFLAGS = $(x11_cflags)
%C%_test_accounting_x11_LDADD = $(window_libs)

check_programs += %D%/test-feedback.x11
%C%_test_feedback_x11_SOURCES = %D%/test-feedback.c
%C%_test_feedback_x11_CFLAGS = $(x11_cflags)
%C%_test_feedback_x11_LDADD = $(window_libs)

check_programs += %D%/test-clock.x11
%C%_test_clock_x11_SOURCES = %D%/test-clock.c
%C%_test_clock_x11_CFLAGS = $(x11_cflags)
%C%_test_clock_x11_LDADD = $(window_libs)

check_PROGRAMS += %D%/xfake
%C%_xfake_SOURCES = %D%/xfake.c
%C%_xfake_CFLAGS = $(x11_cflags)
%C%_xfake_LDADD = $(x11_libs)

check_programs += %D%/test-halts.x11
%C%_test_halts_x11_SOURCES = %D%/test-halts.c
%C%_test_halts_x11_CFLAGS = $(x11_cflags)
%C%_test_halts_x11_LDADD = $(window_libs)

check_programs += %D%/test-input.x11
%C%_test_input_x11_SOURCES = %D%/test-input.c
%C%_test_input_x11_CFLAGS = $(x11_cflags)
%C%_test_input_x11_LDADD = $(window_libs)

# Under a server of its own: it needs no other.
check_programs += %D%/test-devices
%C%_test_devices_SOURCES = %D%/test-devices.c
%C%_test_devices_CFLAGS = $(x11_cflags)
%C%_test_devices_LDADD = $(window_libs)

check_programs += %D%/test-clipboard.x11
%C%_test_clipboard_x11_SOURCES = %D%/test-clipboard.c %D%/boast.c %D%/boast.h
%C%_test_clipboard_x11_CFLAGS = $(x11_cflags)
%C%_test_clipboard_x11_LDADD = $(window_libs) -ldl

check_programs += %D%/test-present.x11
%C%_test_present_x11_SOURCES = %D%/test-present.c
%C%_test_present_x11_CFLAGS = $(x11_cflags)
%C%_test_present_x11_LDADD = $(window_libs)

check_programs += %D%/test-shared.x11
%C%_test_shared_x11_SOURCES = %D%/test-shared.c
%C%_test_shared_x11_CFLAGS = $(x11_cflags)
%C%_test_shared_x11_LDADD = $(window_libs)

check_programs += %D%/test-views.x11
%C%_test_views_x11_SOURCES = %D%/test-views.c
%C%_test_views_x11_CFLAGS = $(x11_cflags)
%C%_test_views_x11_LDADD = $(window_libs)

check_programs += %D%/test-storm.x11
%C%_test_storm_x11_SOURCES = %D%/test-storm.c
%C%_test_storm_x11_CFLAGS = $(x11_cflags)
%C%_test_storm_x11_LDADD = $(window_libs)

check_programs += %D%/test-wm.x11
%C%_test_wm_x11_SOURCES = %D%/test-wm.c %D%/boast.c %D%/boast.h
%C%_test_wm_x11_CFLAGS = $(x11_cflags)
%C%_test_wm_x11_LDADD = $(window_libs) -ldl

check_programs += %D%/test-pixels.x11
%C%_test_pixels_x11_SOURCES = %D%/test-pixels.c %D%/colour.c %D%/colour.h
%C%_test_pixels_x11_CFLAGS = $(x11_cflags)
%C%_test_pixels_x11_LDADD = $(window_libs)

check_programs += %D%/test-wm-openbox.x11
%C%_test_wm_openbox_x11_SOURCES = %D%/test-wm-openbox.c
%C%_test_wm_openbox_x11_CFLAGS = $(x11_cflags)
%C%_test_wm_openbox_x11_LDADD = $(window_libs)

check_programs += %D%/test-matrix.x11
%C%_test_matrix_x11_SOURCES = %D%/test-matrix.c %D%/colour.c %D%/colour.h
%C%_test_matrix_x11_CFLAGS = $(x11_cflags)
%C%_test_matrix_x11_LDADD = $(window_libs)

# An X server of the other byte order, as far as its clients can see.
check_PROGRAMS += %D%/swap-proxy
%C%_swap_proxy_SOURCES = %D%/swap-proxy.c

check_programs += %D%/test-sysv.x11
%C%_test_sysv_x11_SOURCES = %D%/test-sysv.c
%C%_test_sysv_x11_CFLAGS = $(x11_cflags)
%C%_test_sysv_x11_LDADD = $(window_libs)

check_programs += %D%/test-show-grown.x11
%C%_test_show_grown_x11_SOURCES = %D%/test-show-grown.c
%C%_test_show_grown_x11_CFLAGS = $(x11_cflags)
%C%_test_show_grown_x11_LDADD = $(window_libs)

check_programs += %D%/test-traps.x11
%C%_test_traps_x11_SOURCES = %D%/test-traps.c
%C%_test_traps_x11_CFLAGS = $(x11_cflags)
%C%_test_traps_x11_LDADD = $(window_libs) -ldl

check_programs += %D%/test-viewer-dies.x11
%C%_test_viewer_dies_x11_SOURCES = %D%/test-viewer-dies.c $(deaths_parts)
%C%_test_viewer_dies_x11_CFLAGS = $(x11_cflags)
%C%_test_viewer_dies_x11_LDADD = $(window_libs)
endif
endif

include tests/v2/local.mk
include tests/fuzz/local.mk

# Shell tests that need an X server.
x11_scripts = %D%/test-demos.x11 %D%/test-input-forward.x11 %D%/test-kills.x11 \
	%D%/test-swarm.x11 %D%/test-view.x11 %D%/test-view-formats.x11 \
	%D%/test-view-keys.x11 %D%/test-view-wm.x11

check_PROGRAMS += $(check_programs) %D%/copier %D%/grower %D%/holder \
	%D%/slow-wm %D%/taker %D%/xquery
%C%_copier_SOURCES = %D%/copier.c
%C%_copier_LDADD = lib/shmfb/libshmfb.la lib/shmx/libshmx.la
%C%_grower_SOURCES = %D%/grower.c %D%/frames.h
%C%_grower_LDADD = lib/shmx/libshmx.la
%C%_holder_SOURCES = %D%/holder.c
%C%_holder_LDADD = lib/shmx/libshmx.la
%C%_slow_wm_SOURCES = %D%/slow-wm.c
%C%_slow_wm_CFLAGS = $(AM_CFLAGS) $(XCB_CFLAGS)
%C%_slow_wm_LDADD = $(XCB_LIBS)
%C%_taker_SOURCES = %D%/taker.c %D%/frames.h
%C%_taker_LDADD = lib/shmx/libshmx.la
%C%_xquery_SOURCES = %D%/xquery.c
%C%_xquery_CFLAGS = $(AM_CFLAGS) $(XCB_CFLAGS)
%C%_xquery_LDADD = $(XCB_LIBS)

# The ring in a simulator of its own, which sanitizers would not understand
# (it changes stacks) and which has no use for them: it finds races itself. It
# includes sources of the library rather than linking it.
check_PROGRAMS += %D%/test-sim
TESTS += %D%/test-sim
long_tests += %D%/long-sim.long
EXTRA_DIST += %D%/long-sim.long %D%/mutate %D%/mutants
%C%_test_sim_SOURCES = %D%/test-sim.c %D%/sim.c %D%/sim.h %D%/sim-atomic.h \
	%D%/sim-control.c %D%/sim-readers.c %D%/sim-readers.h \
	%D%/sim-ring.c %D%/sim-ring-multi.c
%C%_test_sim_CFLAGS = $(WARN_CFLAGS) -fno-strict-aliasing
%C%_test_sim_LDFLAGS =

TESTS += $(check_programs) $(shell_tests) $(x11_scripts)
long_tests += %D%/long-kills.long
EXTRA_DIST += %D%/shmx-reader.py
EXTRA_DIST += $(shell_tests) $(x11_scripts) %D%/long-kills.long %D%/servers %D%/tap.sh %D%/with-server %D%/with-tmp %D%/with-xvfb \
	%D%/lsan.supp %D%/tsan.supp %D%/valgrind.supp

# How a test is run. with-tmp gives it directories of its own, with-xvfb a
# server of its own.
TEST_EXTENSIONS = .sh .x11 .long
with_tmp = $(SHELL) $(top_srcdir)/%D%/with-tmp
with_xvfb = $(SHELL) $(top_srcdir)/%D%/with-xvfb
tap_driver = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(tap_driver)
LOG_COMPILER = $(with_tmp)
SH_LOG_DRIVER = $(tap_driver)
SH_LOG_COMPILER = $(with_tmp) $(SHELL)
X11_LOG_DRIVER = $(tap_driver)
X11_LOG_COMPILER = $(with_tmp) $(with_xvfb)
LONG_LOG_DRIVER = $(tap_driver)
LONG_LOG_COMPILER = $(with_tmp) $(with_xvfb)

# Installing relinks libshmfb, and libtool moves the built one out of the way
# meanwhile: that test runs when the others are through.
%D%/test-install.log: $(filter-out %D%/test-install.log,$(TEST_LOGS))

# What the shell tests want to know, and where the sanitizers look.
AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	CC='$(CC)'; export CC; \
	NM='$(NM)'; export NM; \
	MAKE='$(MAKE)'; export MAKE; \
	PKG_CONFIG='$(PKG_CONFIG)'; export PKG_CONFIG; \
	SANITIZER_CFLAGS='$(SANITIZER_CFLAGS)'; export SANITIZER_CFLAGS; \
	LSAN_OPTIONS='suppressions=$(abs_top_srcdir)/%D%/lsan.supp print_suppressions=0'; export LSAN_OPTIONS; \
	TSAN_OPTIONS='suppressions=$(abs_top_srcdir)/%D%/tsan.supp'; export TSAN_OPTIONS; \
	UBSAN_OPTIONS=print_stacktrace=1; export UBSAN_OPTIONS;

# Memcheck over all Check programs. No fork, or Check's children would be
# looked at for leaks that are their parent's.
valgrind_run = $(LIBTOOL) --mode=execute $(VALGRIND) -q --error-exitcode=99 \
	--leak-check=full --suppressions=$(abs_top_srcdir)/%D%/valgrind.supp

.PHONY: check-valgrind check-long check-loop check-model check-mutants check-sim check-servers
check-valgrind:
	@if test '$(VALGRIND)' = no; then \
		echo "check-valgrind: valgrind was not there at configure time" >&2; \
		exit 1; \
	elif test -n '$(SANITIZER_CFLAGS)'; then \
		echo "check-valgrind: this is a sanitized build; use a plain one" >&2; \
		exit 1; \
	elif test -z '$(strip $(check_programs))'; then \
		echo "check-valgrind: no programs to check; is Check installed?" >&2; \
		exit 1; \
	fi
	CK_FORK=no CK_TIMEOUT_MULTIPLIER=20 $(MAKE) $(AM_MAKEFLAGS) check \
		TESTS='$(check_programs)' TEST_SUITE_LOG=test-valgrind.log \
		LOG_COMPILER='$(with_tmp) $(valgrind_run)' \
		X11_LOG_COMPILER='$(with_tmp) $(with_xvfb) $(valgrind_run)'

check-long: all $(check_LTLIBRARIES) $(long_tests)
	@if test -z '$(strip $(long_tests))'; then \
		echo "check-long: there are no long tests yet"; \
	else \
		$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(long_tests)' \
			TEST_SUITE_LOG=test-long.log; \
	fi

# Every search of the protocol's models; `make check` runs the quick ones. One
# row and its relatives: make check-model MODELS=wake
check-model:
	MODELS='$(MODELS)' MODEL_LOG=test-models-rows.log \
		$(MAKE) $(AM_MAKEFLAGS) check check_PROGRAMS= \
		TESTS=%D%/test-models.sh TEST_SUITE_LOG=test-models-suite.log
MODELS = all

# The searches of the simulator that take minutes.
check-sim: %D%/test-sim$(EXEEXT)
	%D%/test-sim --long

# The window's tests on servers that others than Xvfb are: those that are
# installed. One of them: make check-servers SERVERS=xephyr
#
# It is all that needs a server, but for what has an Xvfb of its own for each of
# its tests, and so would see nothing of another one.
own_server_tests = %D%/test-accounting.x11 %D%/test-clock.x11 \
	%D%/test-halts.x11 %D%/test-pixels.x11 %D%/test-storm.x11 \
	%D%/test-viewer-dies.x11 %D%/test-wm-openbox.x11
window_tests = $(filter-out $(own_server_tests) %D%/test-matrix.x11 \
	%D%/test-xvfb.x11,$(filter %.x11,$(check_programs)))
check-servers: all $(check_LTLIBRARIES) $(check_PROGRAMS)
	@if test -z '$(filter %D%/test-matrix.x11,$(check_programs))'; then \
		echo "check-servers: there are no X tests in this build" >&2; \
		exit 1; \
	fi
	@$(AM_TESTS_ENVIRONMENT) SERVERS='$(SERVERS)' \
		$(SHELL) $(srcdir)/%D%/servers \
		$(window_tests) $(addprefix $(abs_top_srcdir)/,$(x11_scripts))

# Break the lock-free core in small ways: the tests must notice.
check-mutants: all
	top_srcdir='$(abs_top_srcdir)' CC='$(CC)' \
		CHECK_CFLAGS='$(CHECK_CFLAGS)' CHECK_LIBS='$(CHECK_LIBS)' \
		$(SHELL) $(srcdir)/%D%/mutate $(MUTANTS)

# For a test that fails now and then: make check-loop TESTS=tests/test-ring
check-loop:
	@n=0; while $(MAKE) $(AM_MAKEFLAGS) check; do \
		n=`expr $$n + 1`; echo "check-loop: $$n rounds passed"; \
	done

EXTRA_DIST += %D%/models/README.md %D%/models/rows %D%/models/buffers.h \
	%D%/models/attach.pml %D%/models/control.pml \
	%D%/models/every.pml %D%/models/grow.pml %D%/models/hold.pml \
	%D%/models/multi.pml %D%/models/wake.pml
CLEANFILES += test-valgrind.log test-long.log test-models-suite.log \
	test-models-rows.log %D%/servers-*.log
