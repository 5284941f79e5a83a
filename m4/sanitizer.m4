# SHMFB_SANITIZER
#
# --enable-sanitizer=address,undefined or =thread. The flags go to
# SANITIZER_CFLAGS, for compiling and linking both; the conditional SANITIZED
# says that there are any. A run that would not link fails here already.

AC_DEFUN([SHMFB_SANITIZER],
[AC_ARG_ENABLE([sanitizer],
	[AS_HELP_STRING([--enable-sanitizer=LIST],
			[address,undefined or thread])],
	[], [enable_sanitizer=no])
SANITIZER_CFLAGS=
AS_CASE([,$enable_sanitizer,],
	[,no,], [],
	[,yes,], [AC_MSG_ERROR([--enable-sanitizer wants address,undefined or thread])],
	[*,thread,*address*|*address*,thread,*],
		[AC_MSG_ERROR([address and thread sanitizers exclude each other])],
	[SANITIZER_CFLAGS="-fsanitize=$enable_sanitizer -fno-omit-frame-pointer"
	 AS_CASE([,$enable_sanitizer,], [*,undefined,*],
		 [AS_VAR_APPEND([SANITIZER_CFLAGS],
				[" -fno-sanitize-recover=undefined"])])
	 shmfb_save_CFLAGS=$CFLAGS
	 CFLAGS="$CFLAGS $SANITIZER_CFLAGS"
	 AC_MSG_CHECKING([whether $CC links with $SANITIZER_CFLAGS])
	 AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
		[AC_MSG_RESULT([yes])],
		[AC_MSG_RESULT([no])
		 AC_MSG_ERROR([no sanitizer '$enable_sanitizer' here: is its run-time library installed?])])
	 CFLAGS=$shmfb_save_CFLAGS])
AC_SUBST([SANITIZER_CFLAGS])
AM_CONDITIONAL([SANITIZED], [test -n "$SANITIZER_CFLAGS"])])
