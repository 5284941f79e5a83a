# SHMFB_WARNINGS
#
# Put into WARN_CFLAGS those of our warning flags that the compiler knows.
# Each is tried with -Werror, or clang would accept what it does not know.
# --enable-werror makes errors of them; CFLAGS stay the user's.

AC_DEFUN([SHMFB_WARNINGS],
[AC_ARG_ENABLE([werror],
	[AS_HELP_STRING([--enable-werror], [treat warnings as errors])],
	[], [enable_werror=no])
shmfb_save_CFLAGS=$CFLAGS
WARN_CFLAGS=
shmfb_warnings_count=0
AC_MSG_CHECKING([which warnings $CC knows])
for shmfb_flag in \
	-Wall \
	-Wextra \
	-Wcast-qual \
	-Wduplicated-cond \
	-Wformat=2 \
	-Wimplicit-fallthrough \
	-Wlogical-op \
	-Wmissing-prototypes \
	-Wold-style-definition \
	-Wpointer-arith \
	-Wshadow \
	-Wstrict-prototypes \
	-Wundef \
	-Wvla \
	-Wwrite-strings
do
	CFLAGS="$shmfb_save_CFLAGS -Werror $shmfb_flag"
	AC_COMPILE_IFELSE([AC_LANG_SOURCE([[int shmfb_probe;]])],
		[AS_VAR_APPEND([WARN_CFLAGS], [" $shmfb_flag"])
		 AS_VAR_ARITH([shmfb_warnings_count],
			      [$shmfb_warnings_count + 1])])
done
CFLAGS=$shmfb_save_CFLAGS
AC_MSG_RESULT([$WARN_CFLAGS])
AS_IF([test "$enable_werror" != no],
      [AS_VAR_APPEND([WARN_CFLAGS], [" -Werror"])])
AC_SUBST([WARN_CFLAGS])])
