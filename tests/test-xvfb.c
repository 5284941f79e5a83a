/* SPDX-License-Identifier: MIT */
/*
 * test-xvfb.c - the private X server has what the X tests build on
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <xcb/present.h>
#include <xcb/shm.h>
#include <xcb/xcb.h>
#include <xcb/xtest.h>

#include "suite.h"

static xcb_connection_t *c;

static void
connect_to_server(void)
{
	c = xcb_connect(NULL, NULL);
	ck_assert_int_eq(xcb_connection_has_error(c), 0);
}

static void
disconnect(void)
{
	xcb_disconnect(c);
}

START_TEST(screen_is_24_bits_deep)
{
	const xcb_screen_t *screen;

	screen = xcb_setup_roots_iterator(xcb_get_setup(c)).data;
	ck_assert_ptr_nonnull(screen);
	ck_assert_int_eq(screen->root_depth, 24);
	ck_assert_int_eq(screen->width_in_pixels, 1920);
	ck_assert_int_eq(screen->height_in_pixels, 1080);
}
END_TEST

START_TEST(extensions_are_there)
{
	xcb_extension_t *ids[] = { &xcb_shm_id, &xcb_present_id,
				   &xcb_test_id };
	const xcb_query_extension_reply_t *reply;
	size_t i;

	for (i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		reply = xcb_get_extension_data(c, ids[i]);
		ck_assert_ptr_nonnull(reply);
		ck_assert_int_eq(reply->present, 1);
	}
}
END_TEST

START_TEST(shm_takes_descriptors)
{
	xcb_shm_query_version_reply_t *reply;

	reply = xcb_shm_query_version_reply(c, xcb_shm_query_version(c), NULL);
	ck_assert_ptr_nonnull(reply);
	ck_assert_int_eq(reply->major_version, 1);
	ck_assert_int_ge(reply->minor_version, 2);
	free(reply);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("xvfb");
	TCase *tc = suite_case(s, "server");

	tcase_add_checked_fixture(tc, connect_to_server, disconnect);
	tcase_add_test(tc, screen_is_24_bits_deep);
	tcase_add_test(tc, extensions_are_there);
	tcase_add_test(tc, shm_takes_descriptors);
	return suite_run(s);
}
