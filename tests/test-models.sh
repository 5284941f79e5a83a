#!/bin/sh
# The models of the protocol, searched by Spin: tests/models/README.md.
#
# MODELS=fast is what `make check` runs, MODELS=all what `make check-model`
# does; anything else is a pattern for grep, over the rows. With MODEL_LOG set
# to a file, states, seconds and memory of each row are written there.
. "${top_srcdir:-.}/tests/tap.sh"

models=$(cd "$top_srcdir/tests/models" && pwd)
: "${MODELS:=fast}" "${MODEL_LOG:=/dev/null}"

command -v spin >/dev/null 2>&1 || skip_all "spin is not installed"

# search MODEL FLAGS...: a verdict in $verdict, what was said in output.
search() {
	model=$1
	shift
	verdict="no verdict"
	if ! (cd "$tap_tmp" && spin "$@" -a "$models/$model.pml") \
		>"$tap_tmp/output" 2>&1 ||
		! (cd "$tap_tmp" && $CC "$optimize" -w -DSAFETY -DNOFAIR \
			-DMEMLIM=1800 -o pan pan.c) >>"$tap_tmp/output" 2>&1
	then
		verdict="not built"
		return
	fi
	(cd "$tap_tmp" && ./pan -n -m20000 "$hash") >"$tap_tmp/output" 2>&1
	if grep -q 'errors: 0$' "$tap_tmp/output"; then
		verdict=clean
		# Of what was not looked at nothing is known.
		if grep -q -e 'not completed' -e 'max search depth too small' \
			-e 'out of memory' "$tap_tmp/output"; then
			verdict="not finished"
		fi
	elif grep -q 'invalid end state (at' "$tap_tmp/output"; then
		verdict=stuck
	elif grep -q 'assertion violated  *!(' "$tap_tmp/output"; then
		verdict=$(sed -n \
			's/.*assertion violated  *!(\([a-z_]*\)).*/\1/p' \
			"$tap_tmp/output")
	fi
}

figures() {
	sed -n -e 's/^ *\([0-9]*\) states, stored.*/\1 states/p' \
		-e 's/.*elapsed time \([0-9.]*\) seconds/\1 s/p' \
		-e 's/^ *\([0-9]*\)\.[0-9]*.total actual memory usage/\1 MB/p' \
		"$tap_tmp/output" | tr '\n' ' '
}

case $MODELS in
fast) pattern='^fast ' ;;
all) pattern='^[fl]' ;;
*) pattern=$MODELS ;;
esac
sed -e '/^#/d' -e '/^$/d' "$models/rows" | grep -e "$pattern" \
	>"$tap_tmp/rows" || skip_all "no row matches $MODELS"

while read -r class want model flags; do
	# Fast rows are over before an optimizer would be.
	case $class in
	fast) optimize=-O0 hash=-w18 ;;
	*) optimize=-O2 hash=-w24 ;;
	esac
	# The flags are words.
	# shellcheck disable=SC2086
	search "$model" $flags
	printf '%s | %s | %s\n' "$model $flags" "$verdict" "$(figures)" \
		>>"$MODEL_LOG"
	if [ "$verdict" = "$want" ]; then
		pass "$model $flags: $want"
	else
		echo "verdict: $verdict, not $want" >>"$tap_tmp/output"
		fail "$model $flags: $want" "$tap_tmp/output"
	fi
done <"$tap_tmp/rows"

done_testing
