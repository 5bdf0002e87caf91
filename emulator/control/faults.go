package control

import (
	"cmp"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/directory"
)

// model is the fault as the emulator has it.
func (f Fault) model() (directory.Fault, error) {
	latency, err := time.ParseDuration(cmp.Or(f.Latency, "0s"))
	if err != nil {
		return directory.Fault{}, fmt.Errorf("latency: %w", err)
	}
	life, err := time.ParseDuration(cmp.Or(f.TokenLifetime, "0s"))
	if err != nil {
		return directory.Fault{}, fmt.Errorf("tokenLifetime: %w", err)
	}
	return directory.Fault{
		Surface: f.Surface, Host: f.Host, Route: f.Route, Times: f.Times, Probability: f.Probability,
		Error: f.Error, Status: f.Status, RetryAfter: f.RetryAfter,
		Latency: latency, Drop: f.Drop, Keys: f.Keys, TokenLifetime: life,
	}, nil
}

// faultOf is model turned round.
func faultOf(f directory.Fault) Fault {
	text := func(d time.Duration) string {
		if d == 0 {
			return ""
		}
		return d.String()
	}
	return Fault{
		Surface: f.Surface, Host: f.Host, Route: f.Route, Times: f.Times, Probability: f.Probability,
		Error: f.Error, Status: f.Status, RetryAfter: f.RetryAfter,
		Latency: text(f.Latency), Drop: f.Drop, Keys: f.Keys, TokenLifetime: text(f.TokenLifetime),
	}
}

func (a *api) faults(c echo.Context) error {
	all := []Fault{}
	for _, f := range a.Faults.List() {
		all = append(all, faultOf(f))
	}
	return c.JSON(http.StatusOK, all)
}

func (a *api) addFault(c echo.Context) error {
	var q Fault
	if err := c.Bind(&q); err != nil {
		return err
	}
	f, err := q.model()
	if err == nil {
		err = a.Faults.Add(f)
	}
	if err != nil {
		return bad(err)
	}
	if f.Surface == directory.SurfaceIssuer {
		a.Forget() // or what is cached would be used for a day
	}
	return a.faults(c)
}

func (a *api) clearFaults(c echo.Context) error {
	a.Faults.Clear()
	a.Forget()
	return c.NoContent(http.StatusNoContent)
}
