package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kindred-emulator/kindred/scenarios/process"
)

// rest is what a process holds when nobody asks it for anything.
type rest struct {
	files int // and sockets
	heap  int // megabytes that were alive after a collection: the median of the last few
}

func (r rest) String() string {
	return fmt.Sprintf("%d files, %d MB alive", r.files, r.heap)
}

// quiet waits until a process has the same number of files open for a while, and returns it.
func quiet(ctx context.Context, p *process.Process) (files int, err error) {
	const looks, between, most = 10, 100 * time.Millisecond, 300
	same := 0
	for range most {
		n, err := p.Files()
		if err != nil {
			return 0, err
		}
		if same++; n != files {
			same = 0
		}
		files = n
		if same == looks {
			return files, nil
		}
		select {
		case <-time.After(between):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return 0, errors.New("it does not come to rest")
}

// since says what has leaked.
func (r rest) since(before rest) error {
	const files, heap, factor = 2, 3, 1.25
	if r.files > before.files+files {
		return fmt.Errorf("files have leaked: %v, before %v", r, before)
	}
	if float64(r.heap) > factor*float64(before.heap)+heap {
		return fmt.Errorf("memory has leaked: %v, before %v", r, before)
	}
	return nil
}
