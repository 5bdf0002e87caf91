package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/kindred-emulator/kindred/emulator/journal"
)

// Client calls the API of a running kindred. It never goes through a proxy.
type Client struct {
	address string
	token   string
	http    http.Client
}

const callTimeout = 30 * time.Second

// NewClient is a client for the API at host:port. The token is the one that the API was given; empty
// where it was given none.
func NewClient(address, token string) *Client {
	return &Client{address: address, token: token, http: http.Client{
		Timeout:   callTimeout,
		Transport: &http.Transport{DialContext: (&net.Dialer{Timeout: callTimeout}).DialContext},
	}}
}

// Info asks what the kindred is made of.
func (c *Client) Info(ctx context.Context) (info Info, err error) {
	return info, c.call(ctx, http.MethodGet, "/v1/info", nil, &info)
}

// Workload asks for the identity of a service account.
func (c *Client) Workload(ctx context.Context, as string) (w Workload, err error) {
	return w, c.call(ctx, http.MethodGet, "/v1/workload?as="+url.QueryEscape(as), nil, &w)
}

// Token asks for a service-account token.
func (c *Client) Token(ctx context.Context, q TokenRequest) (t Token, err error) {
	return t, c.call(ctx, http.MethodPost, "/v1/tokens", q, &t)
}

// Records lists the refused exchanges after a record's id.
func (c *Client) Records(ctx context.Context, after int) (records []journal.Record, err error) {
	return records, c.call(ctx, http.MethodGet, "/v1/journal?refused=true&after="+strconv.Itoa(after), nil, &records)
}

// Record is one record of the journal; `last` is the newest refusal.
func (c *Client) Record(ctx context.Context, id string) (r journal.Record, err error) {
	return r, c.call(ctx, http.MethodGet, "/v1/journal/"+url.PathEscape(id), nil, &r)
}

// SetClock moves the clock.
func (c *Client) SetClock(ctx context.Context, q ClockChange) (s ClockState, err error) {
	return s, c.call(ctx, http.MethodPut, "/v1/clock", q, &s)
}

// Rotate makes a new signing key for `entra` or for a cluster.
func (c *Client) Rotate(ctx context.Context, of string) error {
	return c.call(ctx, http.MethodPost, "/v1/keys/rotate?of="+url.QueryEscape(of), nil, nil)
}

// Fault makes something go wrong from now on.
func (c *Client) Fault(ctx context.Context, f Fault) error {
	return c.call(ctx, http.MethodPost, "/v1/faults", f, nil)
}

// ClearFaults lets nothing go wrong any more.
func (c *Client) ClearFaults(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, "/v1/faults", nil, nil)
}

// Reset puts vaults, clock, caches and faults back to the start.
func (c *Client) Reset(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/v1/reset", nil, nil)
}

// ErrUnreachable says that no kindred answers at the address.
var ErrUnreachable = errors.New("no kindred answers")

func (c *Client) call(ctx context.Context, method, path string, in, out any) (err error) {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	q, err := http.NewRequestWithContext(ctx, method, "http://"+c.address+path, &body)
	if err != nil {
		return fmt.Errorf("control address: %w", err)
	}
	q.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		q.Header.Set("Authorization", "Bearer "+c.token)
	}
	r, err := c.http.Do(q)
	if err != nil {
		return fmt.Errorf("%w at %s: %w", ErrUnreachable, c.address, errors.Unwrap(err))
	}
	defer func() { err = errors.Join(err, r.Body.Close()) }()
	data, err := io.ReadAll(r.Body)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", c.address, err)
	case r.StatusCode >= http.StatusBadRequest:
		return problem(c.address, r.Status, data)
	case out == nil:
		return nil
	default:
		return json.Unmarshal(data, out)
	}
}

// problem is the API's own words, or the status where something else answered.
func problem(address, status string, data []byte) error {
	var p Problem
	if err := json.Unmarshal(data, &p); err != nil || p.Error == "" {
		return fmt.Errorf("what answers at %s is no kindred: %s", address, status)
	}
	return errors.New(p.Error)
}
