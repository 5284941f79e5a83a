# base - what both libraries and the tools share; never installed

noinst_LTLIBRARIES += %D%/libbase.la

%C%_libbase_la_SOURCES = \
	%D%/base.h \
	%D%/clock.c %D%/clock.h \
	%D%/copy.h \
	%D%/error.c %D%/error.h \
	%D%/fd.c %D%/fd.h \
	%D%/hist.c %D%/hist.h \
	%D%/log.c %D%/log.h \
	%D%/memfd.c %D%/memfd.h \
	%D%/spin.c %D%/spin.h \
	%D%/sys.c %D%/sys.h \
	%D%/text.c %D%/text.h
