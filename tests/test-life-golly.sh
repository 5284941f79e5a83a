#!/bin/sh
# Does demos/life compute what golly computes? Patterns of Debian's golly
# package run on a torus in both, and population and bounding box after N
# steps must be the same, to the cell, where they are on the torus, too.
#
# Most of the tori are small enough for the pattern to meet itself round the
# edge, and few of the widths are multiples of 64.
. "${top_srcdir:-.}/tests/tap.sh"

life=$top_builddir/demos/life/life
patterns=/usr/share/golly/Patterns

command -v bgolly >/dev/null || skip_all "golly is not installed"
[ -d "$patterns/Life" ] || skip_all "golly's patterns are not installed"

# The rule of the pattern $1 made that of a torus, $2 by $3 cells.
on_torus() {
	gzip -cdf "$1" | tr -d '\r' | awk -v torus=":T$2,$3" '
		/^x/ && !seen {
			sub(/(:.*)?[ \t]*$/, "")
			$0 = $0 torus
			seen = 1
		}
		{ print }'
}

# Population and box of a macrocell file: a tree of squares, each line one of
# them, by its size and the lines of its four quarters, or eight rows of cells.
# The last is the root. Its middle is the lower left corner of golly's cell
# (0, 0), and that one is in the middle of the torus, $1 by $2.
measure() {
	awk -v width="$1" -v height="$2" '
	function join(child, x, y) {
		if (!population[child])
			return
		if (!population[n] || left[child] + x < left[n])
			left[n] = left[child] + x
		if (!population[n] || right[child] + x > right[n])
			right[n] = right[child] + x
		if (!population[n] || top[child] + y < top[n])
			top[n] = top[child] + y
		if (!population[n] || bottom[child] + y > bottom[n])
			bottom[n] = bottom[child] + y
		population[n] += population[child]
	}
	BEGIN {
		one = "cell"
		population[one] = 1
		left[one] = right[one] = top[one] = bottom[one] = 0
	}
	/^[[#]/ { next }
	/^[.*$]/ {
		n++
		x = y = 0
		size = 8
		for (i = 1; i <= length($0); i++) {
			c = substr($0, i, 1)
			if (c == "*")
				join(one, x, y)
			x++
			if (c == "$") {
				x = 0
				y++
			}
		}
		next
	}
	{
		n++
		size = 2 ^ $1
		join($2, 0, 0)
		join($3, size / 2, 0)
		join($4, 0, size / 2)
		join($5, size / 2, size / 2)
	}
	END {
		if (!population[n]) {
			print "population 0 box 0,0,0,0"
			exit
		}
		printf "population %d box %d,%d,%d,%d\n", population[n],
		       left[n] - size / 2 + int(width / 2),
		       top[n] - size / 2 + 1 + int(height / 2),
		       right[n] - left[n] + 1, bottom[n] - top[n] + 1
	}' "$tap_tmp/golly.mc"
}

# agree PATTERN STEPS WIDTH HEIGHT
agree() {
	file=$patterns/$1
	what="$1, $2 steps on $3x$4"
	if ! [ -f "$file" ]; then
		skip "$what" "this golly does not have it"
		return
	fi
	on_torus "$file" "$3" "$4" >"$tap_tmp/pattern.rle"
	rm -f "$tap_tmp/golly.mc"
	bgolly -q -q -a HashLife -M 500 -m "$2" -o "$tap_tmp/golly.mc" \
		"$tap_tmp/pattern.rle" >"$tap_tmp/log" 2>&1
	if ! [ -s "$tap_tmp/golly.mc" ]; then
		fail "$what: bgolly failed" "$tap_tmp/log"
		return
	fi
	want="generation $2 $(measure "$3" "$4")"

	# The file as it is, and the torus as an option.
	got=$("$life" --quiet --no-publish --print --steps "$2" \
		--torus "$3x$4" "$file" 2>&1)
	is "$what: ${want#* * }" "$got" "$want"

	# What golly was given, the torus in its rule, and unpacked.
	got=$("$life" --quiet --no-publish --print --steps "$2" \
		- <"$tap_tmp/pattern.rle" 2>&1)
	is "$what, from its rule" "$got" "$want"
}

agree Life/Methuselahs/rabbits-relation-17423.rle 5000 200 150
agree Life/Methuselahs/justyna.rle 5000 301 257
agree Life/Methuselahs/natural-LWSS.rle 1000 65 63
agree Life/Methuselahs/blom.rle 3000 127 129
agree Life/Miscellaneous/die658.rle 600 90 91
agree Life/Puffers/puffer-train.rle 2000 128 500
agree Life/Breeders/spacefiller.rle 500 200 190
agree Life/Spaceships/corderships.rle 1000 300 301
agree Life/Guns/period-52-glider-gun.rle 1500 191 192
agree Life/Bounded-Grids/agar-p3.rle 10 72 48
agree Life/Bounded-Grids/herringbone-agar-p14.rle 21 48 48
agree Life/Oscillators/p138.rle 1000 256 128
# Gzipped.
agree Life/Signal-Circuitry/signal-turns-and-fizzles.rle.gz 1000 600 400
# More than 100,000 cells: 243,507, 261,121 and 1,015,160.
agree Life/Guns/p690-PT-Cordership-gun.rle 1000 530 480
agree Life/Signal-Circuitry/Unit-Life-Cell-512x512.rle 500 512 512
agree Life/Breeders/LWSS-breeder.rle 500 1700 700

done_testing
