#!/bin/sh
# Makes a P9D-layout folder of an installed icon theme: names as captions, contexts as tasks.
#
#   icon_theme.sh PICTURES_TO_P9D THEME_FOLDER OUTPUT [SIZE]
#
# PICTURES_TO_P9D is the program; THEME_FOLDER for example /usr/share/icons/oxygen/base (Debian: oxygen-icon-theme);
# SIZE the pixels of the icons to take, 64 if nothing is given. Themes name folders SIZExSIZE/CONTEXT or CONTEXT/SIZE.
set -eu

if [ $# -lt 3 ]; then
  sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
program=$1 theme=${2%/} output=$3 size=${4:-64}
if [ ! -d "$theme" ]; then
  echo "icon_theme.sh: $theme: expected the folder of an icon theme, found none; try: ls /usr/share/icons" >&2
  exit 3
fi

table=$(mktemp)  # outside the output, which must be empty
trap 'rm -f "$table"' EXIT
# Symbolic links are other names of the same picture: -type f takes each picture once. Contexts with few icons make no task.
( cd "$theme" && find . -type f -name '*.png' \( -path "./${size}x${size}/*/*" -o -path "./*/${size}/*" \) ) | LC_ALL=C sort |
  awk -v size="$size" '
    {
      path = substr($0, 3)
      n = split(path, part, "/")
      context = (part[1] == size "x" size) ? part[2] : part[1]
      name = part[n]
      sub(/\.png$/, "", name)
      kind = name
      sub(/-.*/, "", kind)
      caption = name
      gsub(/[-_.+]+/, " ", caption)
      gsub(/ symbolic/, "", caption)
      gsub(/"/, "\"\"", path)
      gsub(/"/, "\"\"", caption)
      lines[NR] = "\"" path "\",\"" caption " icon\",\"" context "\",\"" kind "\""
      of[NR] = context
      count[context]++
    }
    END { for (i = 1; i <= NR; i++) if (count[of[i]] >= 40) print lines[i] }' > "$table"

if [ ! -s "$table" ]; then
  echo "icon_theme.sh: $theme: expected PNG icons of ${size} pixels, found none; give another SIZE" >&2
  exit 3
fi
"$program" --pictures "$theme" --captions "$table" --output "$output" --background 255
