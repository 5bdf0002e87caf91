package emulator

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/faults"
	"github.com/kindred-emulator/kindred/emulator/inbound"
	"github.com/kindred-emulator/kindred/emulator/journal"
)

// exchanges is the middleware around every handler: it opens the record, answers what the handler
// refuses in the surface's envelope, and ends with one journal record and one log line.
type exchanges struct {
	surface string
	write   writer
	now     func() time.Time
	journal *journal.Journal
	faults  *faults.Set
	log     *slog.Logger
}

func (x *exchanges) handle(route string, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		q := c.Request()
		begin := time.Now()
		r := &journal.Record{
			Time: x.now(), Surface: x.surface, Route: route,
			Method: clip(q.Method), Host: clip(q.Host), Path: clip(q.URL.Path),
			TraceID: uuid.NewString(), CorrelationID: correlation(q),
		}
		journal.Begin(c, r)
		err := x.fault(c, r)
		if err == nil {
			err = next(c)
		}
		if err != nil {
			err = x.refuse(c, r, err)
		}
		r.Status, r.Duration = c.Response().Status, time.Since(begin)
		x.journal.Add(r)
		x.line(q, r, err)
		return nil
	}
}

// fault lets the request meet the fault that is there for it, if any. The error is the answer.
func (x *exchanges) fault(c echo.Context, r *journal.Record) error {
	if x.faults.None() {
		return nil
	}
	f := x.faults.Take(r.Surface, r.Route, inbound.Host(c.Request().Host))
	if f == nil {
		return nil
	}
	if f.Latency > 0 {
		x.wait(c, f.Latency)
	}
	if f.Drop {
		r.Error = &journal.Failure{ID: "Dropped", Message: "The connection was ended without an answer."}
		r.Explanation = faults.Explain(f)
		x.journal.Add(r)
		panic(http.ErrAbortHandler) // how net/http ends a connection
	}
	faults.Put(c, f)
	if e := faults.Error(f); e != nil {
		return e
	}
	return nil
}

// wait waits, and takes as long as it was told whatever the server's limits are.
func (x *exchanges) wait(c echo.Context, d time.Duration) {
	limits := http.NewResponseController(c.Response())
	_ = limits.SetReadDeadline(time.Time{}) // the writers of tests have none
	_ = limits.SetWriteDeadline(time.Time{})
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.Request().Context().Done():
	}
}

// clip bounds what a client can put into the journal and the log.
func clip(s string) string {
	const most = 512
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// refuse writes the answer to a request that a handler refused, unless part of one is out already.
func (x *exchanges) refuse(c echo.Context, r *journal.Record, err error) error {
	var known *apierr.Error
	if !errors.As(err, &known) {
		known = apierr.Internal.With()
	} else {
		err = nil
	}
	r.Error = &journal.Failure{ID: known.ID(), Message: known.Message}
	r.Explanation = known.Explanation
	if c.Response().Committed {
		return err
	}
	return errors.Join(err, x.write(c, known, r))
}

// correlation is the client's own id for the request where it sent one.
func correlation(q *http.Request) string {
	const name = "client-request-id"
	sent := q.Header.Get(name)
	if sent == "" && strings.Contains(q.URL.RawQuery, name) {
		sent = q.URL.Query().Get(name)
	}
	if id, err := uuid.Parse(sent); err == nil {
		return id.String()
	}
	return uuid.NewString()
}

func writeEntra(c echo.Context, e *apierr.Error, r *journal.Record) error {
	return apierr.WriteEntra(c.Response(), e, apierr.Envelope{Time: r.Time, TraceID: r.TraceID, CorrelationID: r.CorrelationID})
}

// writeText answers with the status and no envelope, as an AKS issuer does.
func writeText(c echo.Context, e *apierr.Error, _ *journal.Record) error {
	return c.String(e.Status, e.Message)
}

func writeKeyVault(c echo.Context, e *apierr.Error, _ *journal.Record) error {
	return apierr.WriteKeyVault(c.Response(), e)
}

// line writes the one log line of an exchange. It does so without the place in the code, which would
// cost a walk of the stack for each and which is always this one.
func (x *exchanges) line(q *http.Request, r *journal.Record, err error) {
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("surface", r.Surface), slog.String("route", r.Route), slog.Int("status", r.Status),
		slog.Duration("took", r.Duration), slog.String("correlation", r.CorrelationID),
	}
	if r.Tenant != "" {
		attrs = append(attrs, slog.String("tenant", r.Tenant))
	}
	if r.Client != "" {
		attrs = append(attrs, slog.String("client", r.Client))
	}
	if r.Error != nil {
		attrs = append(attrs, slog.String("error", r.Error.ID))
	}
	if len(r.Divergences) > 0 {
		attrs = append(attrs, slog.Any("divergences", r.Divergences))
	}
	if err != nil {
		level = slog.LevelError
		attrs = append(attrs, slog.Any("cause", err))
	}
	h := x.log.Handler()
	if !h.Enabled(q.Context(), level) {
		return
	}
	record := slog.NewRecord(time.Now(), level, r.Method+" "+r.Host+r.Path, 0)
	record.AddAttrs(attrs...)
	_ = h.Handle(q.Context(), record) // as slog has it: there is nobody to tell
}
