# Every command of the project. Called through ./just, which makes .venv first.

set positional-arguments

export PATH := justfile_directory() / ".venv/bin:" + env("PATH")

python := justfile_directory() / ".venv/bin/python"

[private]
list:
    @"{{ just_executable() }}" --justfile "{{ justfile() }}" --list --unsorted

# Make everything ready: packages, Node modules, the built pages (skips what is up to date)
setup *options:
    @"{{ python }}" .ci/prepare.py "$@"

# Show the program with a sample source beside it; nothing leaves this machine
[no-exit-message]
demo *args: setup
    @exec aniworld demo --data-dir .data/demo "$@"

# Run the program
[no-exit-message]
run *args: setup
    @exec aniworld serve --data-dir .data/run "$@"

# Work on it: the server restarts when a file changes, the pages are served by Vite
[no-exit-message]
dev: setup
    @exec "{{ python }}" .ci/dev.py

# Run every check and every test, or the named parts: ruff format mypy imports svelte-check eslint vitest pytest e2e
[no-exit-message]
test *parts: (setup "--browser" "--strace")
    @exec "{{ python }}" .ci/verify.py "$@"

# Run the linters and type checkers only
[no-exit-message]
check: setup
    @exec "{{ python }}" .ci/verify.py --checks

# Repair what the linters can repair
fix: setup
    ruff check --fix-only --quiet
    ruff format --quiet
    npm --prefix frontend run --silent format
    cd frontend && node_modules/.bin/eslint --fix .

# Write the OpenAPI document and the client that is generated from it
api: setup
    aniworld openapi > frontend/openapi.json.new
    mv frontend/openapi.json.new frontend/openapi.json
    npm --prefix frontend run --silent client

# Write a database migration from what changed in the models
migration name: setup
    @"{{ python }}" -m aniworld.db.migrate revision "$1"

# Drive the built pages in a browser; arguments go to pytest
[no-exit-message]
e2e *args: (setup "--browser")
    @ANIWORLD_CHROMIUM="$("{{ python }}" .ci/browser.py)" exec pytest e2e -m e2e "$@"

# Kill, starve and cut off the real program at 1,000 points (FAULT_POINTS); takes an hour, and wants Linux, root and strace
[no-exit-message]
faults *args: (setup "--strace")
    @FAULT_POINTS="${FAULT_POINTS:-1000}" exec pytest tests/faults -s "$@"

# Measure the server: start, memory, events, lists, downloads
bench *args: setup
    @cd backend && exec "{{ python }}" -m benchmarks.server "$@"

# Measure downloads beside curl, aria2c, wget and yt-dlp, and a server that is busy with them
bench-downloads *args: setup
    @cd backend && exec "{{ python }}" -m benchmarks.downloads "$@"

# Measure the queue with 100,000 items in it, on SQLite and PostgreSQL
bench-queue *args: setup
    @cd backend && exec "{{ python }}" -m benchmarks.queue "$@"

# Measure scans beside the least that they could cost
bench-library *args: setup
    @cd backend && exec "{{ python }}" -m benchmarks.library "$@"

# Measure how series load in the background: ten at once, a thousand at a start
bench-loading *args: setup
    @cd backend && exec "{{ python }}" -m benchmarks.loading "$@"

# Measure lists, details and facets beside a bare list of rows, with 10,000 series
bench-lists *args: setup
    @cd backend && exec "{{ python }}" -m benchmarks.lists "$@"

# Measure the pages in a browser with a slow processor, on a large library and queue
bench-frontend *args: (setup "--browser")
    @cd backend && ANIWORLD_CHROMIUM="$("{{ python }}" ../.ci/browser.py)" exec "{{ python }}" -m benchmarks.frontend "$@"

# Build the container image with the engine that is here: podman, docker or buildah
image tag="aniworld" *options:
    @exec sh .ci/image "$@"

# Pin the newest versions that pyproject.toml allows
lock *options:
    @exec sh .ci/relock "$@"
