package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kindred-emulator/kindred/scenarios/process"
)

// client keeps as many connections as it makes.
func client(p *process.Process, connections int) *http.Client {
	return p.Client(func(t *http.Transport) { t.MaxIdleConnsPerHost = connections })
}

func (q request) do(ctx context.Context, c *http.Client) (r recorded, err error) {
	h, err := http.NewRequestWithContext(ctx, q.method, q.url, strings.NewReader(q.body))
	if err != nil {
		return r, err
	}
	h.Header = q.header
	answer, err := c.Do(h)
	if err != nil {
		return r, err
	}
	body, err := io.ReadAll(answer.Body)
	return recorded{Status: answer.StatusCode, Header: answer.Header, Body: body}, errors.Join(err, answer.Body.Close())
}

// load makes the requests of a mix over some connections and takes the server's CPU time and the latencies.
func (s side) load(ctx context.Context, count, connections int) (sample, error) {
	c := client(s.process, connections)
	defer c.CloseIdleConnections()
	before, err := s.process.CPU()
	if err != nil {
		return sample{}, err
	}
	latencies := make([]time.Duration, count)
	errs := make([]error, connections)
	var wg sync.WaitGroup
	for w := range connections {
		wg.Go(func() {
			for i := w; i < count && errs[w] == nil; i += connections {
				q := s.mix[i%len(s.mix)]
				begin := time.Now()
				r, err := q.do(ctx, c)
				latencies[i] = time.Since(begin)
				if err == nil && (r.Status != q.answer.Status || len(r.Body) != len(q.answer.Body)) {
					err = fmt.Errorf("%w: %d %s", errAnswer, r.Status, r.Body)
				}
				errs[w] = err
			}
		})
	}
	wg.Wait()
	after, err := s.process.CPU()
	if err = errors.Join(append(errs, err)...); err != nil {
		return sample{}, err
	}
	slices.Sort(latencies)
	return sample{
		cpu: (after - before) / time.Duration(count),
		p50: latencies[count/2],
		p99: latencies[count*99/100],
	}, nil
}
