# SHMFB_NEED(VARIABLE, MODULES, DEBIAN, FEDORA, ARCH)
#
# Look for pkg-config MODULES, as PKG_CHECK_MODULES does for VARIABLE, and
# remember the packages that bring them where they are missing.
#
# SHMFB_NEED_CHECK
#
# Stop if anything was missing: one message, with everything to install.

AC_DEFUN([SHMFB_NEED],
[PKG_CHECK_MODULES([$1], [$2],
	[have_$1=yes],
	[have_$1=no
	 AS_VAR_APPEND([shmfb_need_modules], [" m4_normalize([$2]),"])
	 AS_VAR_APPEND([shmfb_need_debian], [" m4_normalize([$3])"])
	 AS_VAR_APPEND([shmfb_need_fedora], [" m4_normalize([$4])"])
	 AS_VAR_APPEND([shmfb_need_arch], [" m4_normalize([$5])"])])])

AC_DEFUN([SHMFB_NEED_CHECK],
[AS_IF([test -n "$shmfb_need_modules"],
       [AC_MSG_ERROR([libraries are missing:${shmfb_need_modules%,}

  ./bootstrap installs them, or do it yourself:

    Debian, Ubuntu   apt-get install$shmfb_need_debian
    Fedora           dnf install$shmfb_need_fedora
    Arch             pacman -S$shmfb_need_arch
])])])
