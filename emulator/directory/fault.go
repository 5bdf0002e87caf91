package directory

import (
	"errors"
	"fmt"
	"time"
)

// Fault is one thing that goes wrong on purpose. Of its effects at least one is set; several come
// together.
type Fault struct {
	// Surface is entra, keyvault or issuer.
	Surface string
	// Host narrows it to one host, such as kv1.vault.azure.net; empty: all of the surface.
	Host string
	// Route narrows it to one route of the surface, as the journal names it; empty: all.
	Route string
	// Times is for how many requests; zero: until it is removed.
	Times int
	// Probability is how likely each request is to meet it, drawn from the seed; zero: each does.
	Probability float64

	// Error is one of the catalogue, such as AADSTS90055 or Throttled.
	Error string
	// Status replaces the error's HTTP status.
	Status int
	// RetryAfter is the error's Retry-After, seconds.
	RetryAfter int
	// Latency is how long the request waits.
	Latency time.Duration
	// Drop ends the connection without an answer.
	Drop bool
	// Keys is what is wrong with an issuer's key set: stale (as before the last rotation) or missing
	// (without the key that signs).
	Keys string
	// TokenLifetime is that of the access tokens that entra gives, in the place of their own.
	TokenLifetime time.Duration

	Source Position
}

// The surfaces that faults are for.
const (
	SurfaceEntra    = "entra"
	SurfaceKeyVault = "keyvault"
	SurfaceIssuer   = "issuer"
)

// What a fault's Keys may be.
const (
	KeysStale   = "stale"
	KeysMissing = "missing"
)

// Validate says what is wrong with the fault, but for whether its Error exists.
func (f *Fault) Validate() error {
	ofSurface := map[string]bool{SurfaceEntra: true, SurfaceKeyVault: true, SurfaceIssuer: true}
	switch {
	case !ofSurface[f.Surface]:
		return fmt.Errorf("surface %q: say entra, keyvault or issuer", f.Surface)
	case f.Error == "" && f.Latency == 0 && !f.Drop && f.Keys == "" && f.TokenLifetime == 0:
		return errors.New("it has no effect: give error, latency, drop, keys or tokenLifetime")
	case min(f.Times, f.RetryAfter) < 0 || min(f.Latency, f.TokenLifetime) < 0:
		return errors.New("times, latency, retryAfter and tokenLifetime are not negative")
	case f.Probability < 0 || f.Probability > 1:
		return fmt.Errorf("probability %v: from 0 to 1", f.Probability)
	case f.Error == "" && (f.Status != 0 || f.RetryAfter != 0):
		return errors.New("status and retryAfter go with an error")
	}
	return f.validateEffects()
}

func (f *Fault) validateEffects() error {
	const leastStatus, mostStatus = 400, 599
	switch {
	case f.Status != 0 && (f.Status < leastStatus || f.Status > mostStatus):
		return fmt.Errorf("status %d: an error has %d to %d", f.Status, leastStatus, mostStatus)
	case f.Keys != "" && f.Keys != KeysStale && f.Keys != KeysMissing:
		return fmt.Errorf("keys %q: say stale or missing", f.Keys)
	case f.Keys != "" && f.Surface != SurfaceIssuer:
		return errors.New("keys are an issuer's")
	case f.TokenLifetime > 0 && f.Surface != SurfaceEntra:
		return errors.New("tokenLifetime is entra's")
	}
	return nil
}
