package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/kindred-emulator/kindred/emulator/control"
)

// server is a process under load.
type server struct {
	cmd  *exec.Cmd
	info control.Info
}

// launch starts a program that prints its control.Info when it is ready.
func launch(ctx context.Context, program string, args ...string) (*server, error) {
	s := &server{cmd: exec.CommandContext(ctx, program, args...)}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err = errors.Join(err, json.Unmarshal(line, &s.info)); err != nil {
		s.stop()
		return nil, fmt.Errorf("%s did not start: %w", program, err)
	}
	return s, nil
}

func startKindred(ctx context.Context, program, work string) (*server, error) {
	return launch(ctx, program, "serve", "--format", "json", "--state", filepath.Join(work, "state"),
		"--listen", "127.0.0.1:0", "--proxy", "127.0.0.1:0", "--control", "127.0.0.1:0")
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may be gone
	_ = s.cmd.Wait()
}

// ticks is the unit of /proc/PID/stat's times on Linux (USER_HZ).
const ticks = 10 * time.Millisecond

// cpu is the processor time that the process used so far, user and system (proc(5)).
func (s *server) cpu() (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	const utime, stime = 11, 12 // counted after the command's closing parenthesis
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	var sum time.Duration
	for _, i := range []int{utime, stime} {
		n, err := strconv.Atoi(fields[i])
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * ticks
	}
	return sum, nil
}

// rss is the resident memory in bytes.
func (s *server) rss() (int, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.Atoi(strings.Fields(kb)[0])
			return n * 1024, err
		}
	}
	return 0, errors.New("/proc has no VmRSS")
}

// request is what a load repeats, and the answer it must have.
type request struct {
	method, url string
	header      http.Header
	body        string
	answer      recorded
}

// recorded is an answer as it came.
type recorded struct {
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
}

// client reaches the server under whatever name a URL has, over HTTP/1.1 as most SDKs do.
func (s *server) client(connections int) *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(s.info.CA))
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost: connections,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, s.info.Listen)
		},
	}}
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
	return recorded{answer.StatusCode, answer.Header, body}, errors.Join(err, answer.Body.Close())
}

// load repeats a request over some connections and takes the server's CPU time and the latencies.
func (s *server) load(ctx context.Context, q request, count, connections int) (sample, error) {
	c := s.client(connections)
	defer c.CloseIdleConnections()
	before, err := s.cpu()
	if err != nil {
		return sample{}, err
	}
	latencies := make([]time.Duration, count)
	errs := make([]error, connections)
	var wg sync.WaitGroup
	for w := range connections {
		wg.Go(func() {
			for i := w; i < count && errs[w] == nil; i += connections {
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
	after, err := s.cpu()
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
