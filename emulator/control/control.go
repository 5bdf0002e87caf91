package control

import (
	"cmp"
	"crypto/subtle"
	_ "embed"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/clock"
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/faults"
	"github.com/kindred-emulator/kindred/emulator/inbound"
	"github.com/kindred-emulator/kindred/emulator/journal"
)

// Config is what the API steers; every field is required.
type Config struct {
	Info      Info
	Directory *directory.Directory
	Journal   *journal.Journal
	Clock     *clock.Clock
	// Secret is what callers present as a bearer token (RFC 6750); they may then be on other machines.
	// Empty: callers on this machine only.
	Secret string
	// Token signs a service-account token.
	Token func(w *directory.Workload, q TokenRequest, lifetime time.Duration) (Token, error)
	// Rotate makes a new signing key for `entra` or for a cluster; false: there is no such one.
	Rotate func(of string) (bool, error)
	// Faults are what goes wrong on purpose.
	Faults *faults.Set
	// Forget drops what is cached of issuers' documents.
	Forget func()
	// Reset puts vaults and caches back to the start.
	Reset func() error
}

const maxBody = 1 << 20

// New is the API's handler.
func New(c Config) http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = writeProblem
	a := &api{c}
	e.Use(a.admit)
	for _, r := range a.routes() {
		e.Add(r.method, r.path, r.handler)
	}
	return http.MaxBytesHandler(e, maxBody)
}

type api struct{ Config }

type route struct {
	method, path string
	handler      echo.HandlerFunc
}

// routes are all there are; openapi.yaml describes them.
func (a *api) routes() []route {
	return []route{
		{http.MethodGet, "/health", a.health},
		{http.MethodGet, "/v1/openapi.yaml", a.description},
		{http.MethodGet, "/v1/info", a.info},
		{http.MethodGet, "/v1/workload", a.workload},
		{http.MethodPost, "/v1/tokens", a.token},
		{http.MethodGet, "/v1/journal", a.records},
		{http.MethodGet, "/v1/journal/:id", a.record},
		{http.MethodGet, "/v1/clock", a.clock},
		{http.MethodPut, "/v1/clock", a.setClock},
		{http.MethodPost, "/v1/keys/rotate", a.rotate},
		{http.MethodGet, "/v1/faults", a.faults},
		{http.MethodPost, "/v1/faults", a.addFault},
		{http.MethodDelete, "/v1/faults", a.clearFaults},
		{http.MethodPost, "/v1/reset", a.reset},
	}
}

//go:embed openapi.yaml
var openAPI []byte

// description is the API's own, in OpenAPI 3.1.
func (a *api) description(c echo.Context) error {
	return c.Blob(http.StatusOK, "application/yaml", openAPI)
}

// admit refuses callers who lack the secret, or where there is none those of other machines; and what
// a web page could make a browser send: a request for a name that is not this machine's (DNS
// rebinding), and one that another origin caused.
func (a *api) admit(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		q := c.Request()
		switch {
		case a.Secret != "":
			given := q.Header.Get("Authorization")
			if subtle.ConstantTimeCompare([]byte(given), []byte("Bearer "+a.Secret)) == 0 {
				return echo.NewHTTPError(http.StatusUnauthorized, "the control API needs its token: "+TokenVariable+`, which eval "$(kindred cluster env)" sets`)
			}
		case !inbound.Loopback(q.RemoteAddr):
			return echo.NewHTTPError(http.StatusForbidden, "the control API is for callers on its own machine")
		case !inbound.Loopback(q.Host):
			return echo.NewHTTPError(http.StatusForbidden, "the control API answers to localhost and loopback addresses only, not to "+strconv.Quote(q.Host))
		}
		if q.Header.Get("Origin") != "" || q.Header.Get("Sec-Fetch-Site") != "" {
			return echo.NewHTTPError(http.StatusForbidden, "the control API is not for web pages")
		}
		return next(c)
	}
}

// TokenVariable is the variable of the environment that holds the token of the control API.
const TokenVariable = "KINDRED_CONTROL_TOKEN"

func writeProblem(err error, c echo.Context) {
	status, text := http.StatusInternalServerError, err.Error()
	var known *echo.HTTPError
	if errors.As(err, &known) {
		status = known.Code
		if m, ok := known.Message.(string); ok {
			text = m
		}
	}
	if !c.Response().Committed {
		_ = c.JSON(status, Problem{Error: text}) // the client is gone
	}
}

func bad(err error) error { return echo.NewHTTPError(http.StatusBadRequest, err.Error()) }

func (a *api) health(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}

func (a *api) info(c echo.Context) error { return c.JSON(http.StatusOK, a.Info) }

func (a *api) workload(c echo.Context) error {
	w, err := a.Directory.Workload(c.QueryParam("as"))
	if err != nil {
		return bad(err)
	}
	return c.JSON(http.StatusOK, Workload{
		Cluster:        w.Cluster.Name,
		Namespace:      w.ServiceAccount.Namespace,
		ServiceAccount: w.ServiceAccount.Name,
		Subject:        w.ServiceAccount.Subject(),
		ClientID:       w.ClientID,
		TenantID:       w.TenantID,
		Authority:      "https://" + w.Cloud.LoginHost() + "/",
	})
}

func (a *api) token(c echo.Context) error {
	var q TokenRequest
	if err := c.Bind(&q); err != nil {
		return err
	}
	lifetime, err := time.ParseDuration(cmp.Or(q.ExpiresIn, "1h"))
	if err != nil {
		return bad(err)
	}
	w, err := a.Directory.Workload(q.As)
	if err != nil {
		return bad(err)
	}
	t, err := a.Token(w, q, lifetime)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, t)
}

func (a *api) records(c echo.Context) error {
	after, err := strconv.Atoi("0" + c.QueryParam("after"))
	if err != nil {
		return bad(err)
	}
	records := []journal.Record{}
	for _, r := range a.Journal.Records() {
		id, err := strconv.Atoi(r.ID)
		if err != nil {
			return err
		}
		if id > after && (c.QueryParam("refused") != "true" || r.Refused()) {
			records = append(records, r)
		}
	}
	return c.JSON(http.StatusOK, records)
}

func (a *api) record(c echo.Context) error {
	if id := c.Param("id"); id != "last" {
		if r, ok := a.Journal.Get(id); ok {
			return c.JSON(http.StatusOK, r)
		}
		return echo.NewHTTPError(http.StatusNotFound, "the journal has no record "+strconv.Quote(id)+"; it keeps the last "+strconv.Itoa(journal.Capacity))
	}
	r, ok := a.last()
	if !ok {
		return echo.NewHTTPError(http.StatusNotFound, "nothing was refused so far")
	}
	return c.JSON(http.StatusOK, r)
}

func (a *api) clock(c echo.Context) error {
	return c.JSON(http.StatusOK, ClockState{Now: a.Clock.Now()})
}

func (a *api) setClock(c echo.Context) error {
	q := ClockChange{Advance: "0s"}
	if err := c.Bind(&q); err != nil {
		return err
	}
	by, err := time.ParseDuration(q.Advance)
	if err != nil {
		return bad(err)
	}
	if err := a.Clock.Change(clock.Change{Reset: q.Reset, Freeze: q.Freeze, Advance: by, Resume: q.Resume}); err != nil {
		return bad(err)
	}
	return a.clock(c)
}

func (a *api) rotate(c echo.Context) error {
	of := c.QueryParam("of")
	ok, err := a.Rotate(of)
	if err != nil {
		return err
	}
	if !ok {
		return echo.NewHTTPError(http.StatusNotFound, "nothing signs as "+strconv.Quote(of)+"; say entra or the name of a cluster")
	}
	return c.NoContent(http.StatusNoContent)
}

func (a *api) reset(c echo.Context) error {
	a.Clock.Reset()
	if err := a.Reset(); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
