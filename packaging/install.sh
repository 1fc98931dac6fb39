#!/bin/sh
# Installs glasstree for you alone, or for everybody with PREFIX=/usr/local.
#
#   ./install.sh            installs
#   ./install.sh --remove   removes what it installed
set -eu
here=$(cd "$(dirname "$0")" && pwd)
prefix=${PREFIX:-$HOME/.local}
cd "$here"
files=$(find bin share -type f | sort)
case ${1:-} in
  --remove)
    for file in $files; do rm -f "$prefix/$file"; done
    # Folders that are empty now are nobody's.
    find bin share -depth -type d | while read -r folder; do
      rmdir "$prefix/$folder" 2>/dev/null || true
    done
    ;;
  "")
    for file in $files; do
      mkdir -p "$prefix/$(dirname "$file")"
      # Beside its place first, so that a program that runs is replaced as a whole.
      cp "$file" "$prefix/$file.new"
      mv "$prefix/$file.new" "$prefix/$file"
    done
    echo "Installed $prefix/bin/glasstree"
    case :$PATH: in *:"$prefix/bin":*) ;; *) echo "$prefix/bin is not in your PATH" ;; esac
    ;;
  *) echo "usage: install.sh [--remove]" >&2; exit 2 ;;
esac
for index in "update-desktop-database $prefix/share/applications" "update-mime-database $prefix/share/mime"; do
  # Not on every system, and the folders may be gone after a removal.
  if command -v "${index%% *}" >/dev/null && [ -d "${index#* }" ]; then $index 2>/dev/null || true; fi
done
