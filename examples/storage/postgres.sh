#!/usr/bin/env bash
# Runs a command with a temporary PostgreSQL server, whose URL it sets in FIELDLWW_POSTGRES:
#
#     ./postgres.sh go test -race -count=1 ./...
#
# The server listens on a free port of the loopback address, keeps its data in a
# temporary directory, and is stopped and removed when the command ends. If
# PostgreSQL is not installed, apt-get installs it, which needs root.
#
# The server does not wait for the disk, which makes tests faster. To measure pushes as
# a server in use would take them, turn fsync on: FIELDLWW_FSYNC=on ./postgres.sh …
set -euo pipefail

if [ $# -eq 0 ]; then
	echo "usage: $0 command [argument ...]" >&2
	exit 2
fi

as_root=() as_postgres=()
if [ "$(id -u)" -eq 0 ]; then
	as_postgres=(runuser -u postgres --) # the server refuses to run as root
else
	as_root=(sudo)
fi

# find_binaries prints the directory of the newest installed server.
find_binaries() {
	if command -v initdb >/dev/null; then
		dirname "$(command -v initdb)"
	else
		find /usr/lib/postgresql -path '*/bin/initdb' -printf '%h\n' 2>/dev/null | sort -V | tail -n 1
	fi
}

bin=$(find_binaries)
if [ -z "$bin" ]; then
	patient=(-o Acquire::Retries=5 -o DPkg::Lock::Timeout=300)
	"${as_root[@]}" apt-get "${patient[@]}" update -qq >&2
	"${as_root[@]}" apt-get "${patient[@]}" install -y -qq --no-install-recommends postgresql >&2
	bin=$(find_binaries)
fi

dir=$(mktemp -d)
stop() {
	"${as_postgres[@]}" "$bin/pg_ctl" stop -D "$dir/data" -m immediate -s >/dev/null 2>&1 || true
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "$password" >"$dir/password"
if [ "$(id -u)" -eq 0 ]; then
	chown -R postgres "$dir"
fi
here=$PWD
cd / # the user postgres may not be able to read $here
"${as_postgres[@]}" "$bin/initdb" -D "$dir/data" -U postgres -A scram-sha-256 --pwfile "$dir/password" \
	-E UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }

# A port is free if the server can listen on it. Each try takes another port, at
# random, so that servers that start at the same time rarely collide.
started=
for try in $(seq 20); do
	port=$((20000 + (RANDOM + try) % 12000))
	if "${as_postgres[@]}" "$bin/pg_ctl" start -D "$dir/data" -w -s -l "$dir/data/server.log" \
		-o "-h 127.0.0.1 -p $port -c unix_socket_directories= -c fsync=${FIELDLWW_FSYNC:-off}" >/dev/null 2>&1; then
		started=yes
		break
	fi
done
if [ -z "$started" ]; then
	cat "$dir/data/server.log" >&2
	exit 1
fi

cd "$here"
export FIELDLWW_POSTGRES="postgres://postgres:$password@127.0.0.1:$port/postgres?sslmode=disable"
"$@"
