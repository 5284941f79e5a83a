# SHMFB_VERSION_SCRIPT
#
# The linker must take symbol maps: what a library exports is what its map
# says, and a test holds us to it.

AC_DEFUN([SHMFB_VERSION_SCRIPT],
[AC_MSG_CHECKING([whether the linker takes a version script])
printf 'SHMFB_PROBE { global: shmfb_probe; local: *; };\n' >conftest.map
shmfb_save_CFLAGS=$CFLAGS
shmfb_save_LDFLAGS=$LDFLAGS
CFLAGS="$CFLAGS -fPIC"
LDFLAGS="$LDFLAGS -shared -Wl,--version-script=conftest.map"
AC_LINK_IFELSE([AC_LANG_SOURCE([[int shmfb_probe(void);
				 int shmfb_probe(void) { return 0; }]])],
	[AC_MSG_RESULT([yes])],
	[AC_MSG_RESULT([no])
	 AC_MSG_ERROR([the linker does not take -Wl,--version-script])])
CFLAGS=$shmfb_save_CFLAGS
LDFLAGS=$shmfb_save_LDFLAGS
rm -f conftest.map])
