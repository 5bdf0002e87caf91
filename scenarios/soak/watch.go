package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// watch takes what kindred writes to stderr. It drops the lines of requests and keeps what should not be
// there, and the runtime's own words.
type watch struct {
	mu     sync.Mutex
	part   []byte
	alive  []int    // megabytes after each collection
	wrong  []string // lines of the log that say ERROR
	others strings.Builder
}

func (w *watch) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.part = append(w.part, p...)
	for {
		line, after, found := strings.Cut(string(w.part), "\n")
		if !found {
			return len(p), nil
		}
		// The runtime writes its lines in pieces, and kindred's may come in between.
		if at := strings.Index(line, "time=20"); at > 0 {
			line, after = line[at:], line[:at]+after
		}
		w.part = []byte(after)
		megabytes, collected := alive(line)
		switch {
		case collected:
			w.alive = append(w.alive, megabytes)
		case !strings.HasPrefix(line, "time="):
			w.others.WriteString(line + "\n")
		case strings.Contains(line, "level=ERROR"):
			w.wrong = append(w.wrong, line)
		}
	}
}

func (w *watch) String() string { return w.others.String() }

// alive reads the heap that was alive after a collection, in megabytes, from a line that GODEBUG=gctrace=1
// has written (https://pkg.go.dev/runtime#hdr-Environment_Variables): gc 1 @0.1s 2%: …, 4->5->3 MB, 8 MB goal, …
func alive(line string) (int, bool) {
	sizes, _, found := strings.Cut(line, " MB, ")
	if !found || !strings.HasPrefix(line, "gc ") {
		return 0, false
	}
	n, err := strconv.Atoi(sizes[strings.LastIndex(sizes, ">")+1:])
	return n, err == nil
}

// heap is the median of what was alive after the last collections.
func (w *watch) heap() (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	const last = 9
	if len(w.alive) < last {
		return 0, fmt.Errorf("there were only %d collections: nothing is shown", len(w.alive))
	}
	return slices.Sorted(slices.Values(w.alive[len(w.alive)-last:]))[last/2], nil
}

const quit = "SIGQUIT: quit\n"

// dump is what came after SIGQUIT.
func (w *watch) dump() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, dump, _ := strings.Cut(w.others.String(), quit)
	return dump
}

func count(dump string) int { return strings.Count("\n"+dump, "\ngoroutine ") }

// problem is what was written before SIGQUIT and should not have been.
func (w *watch) problem() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	said, _, _ := strings.Cut(w.others.String(), quit)
	switch {
	case strings.Contains(said, "DATA RACE"):
		return errors.New("a data race:\n" + said)
	case strings.TrimSpace(said) != "":
		return errors.New("it said:\n" + said)
	case len(w.wrong) > 0:
		return fmt.Errorf("%d lines of the log say ERROR, such as %s", len(w.wrong), w.wrong[0])
	}
	return nil
}
