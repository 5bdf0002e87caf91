// Package journal remembers what happened: one record for each exchange with a surface of the
// emulator, with the explanation where the exchange was refused. It holds no token and no secret.
package journal

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/apierr"
)

// Capacity is how many records are kept; older ones are forgotten.
const Capacity = 1000

// Record is one exchange.
type Record struct {
	ID            string        `json:"id"` // counts up from 1
	Time          time.Time     `json:"time"`
	Surface       string        `json:"surface"` // entra, issuer, keyvault or webhook; tls: no request ever arrived
	Route         string        `json:"route"`   // the name that routes.go gives it
	Method        string        `json:"method"`
	Host          string        `json:"host"`
	Path          string        `json:"path"` // without the query
	Status        int           `json:"status"`
	Duration      time.Duration `json:"durationNanoseconds"`
	TraceID       string        `json:"traceId,omitempty"`
	CorrelationID string        `json:"correlationId,omitempty"`
	Tenant        string        `json:"tenant,omitempty"` // GUID
	Client        string        `json:"client,omitempty"` // client id, GUID
	Presented     *Presented    `json:"presented,omitempty"`
	Error         *Failure      `json:"error,omitempty"`
	// Challenge says that the error only asks a client for a token, as each one's first request to a
	// vault is answered.
	Challenge bool `json:"challenge,omitempty"`
	// Divergences are what kindred served although Azure would have refused it.
	Divergences []string            `json:"divergences,omitempty"`
	Explanation *apierr.Explanation `json:"explanation,omitempty"`
}

// Presented is what an assertion or access token said of itself; never the token.
type Presented struct {
	Issuer    string    `json:"iss,omitempty"`
	Subject   string    `json:"sub,omitempty"`
	Audience  []string  `json:"aud,omitempty"`
	KeyID     string    `json:"kid,omitempty"`
	IssuedAt  time.Time `json:"iat,omitzero"`
	NotBefore time.Time `json:"nbf,omitzero"`
	Expires   time.Time `json:"exp,omitzero"`
}

// Failure is the error of a refused exchange, as the catalogue names it.
type Failure struct {
	ID      string `json:"id"` // AADSTS700213, SecretNotFound
	Message string `json:"message"`
}

// Refused says whether the exchange was answered with an error that is more than a challenge.
func (r *Record) Refused() bool { return r.Error != nil && !r.Challenge }

// Diverge notes that the request is served although Azure would refuse it.
func (r *Record) Diverge(what string) { r.Divergences = append(r.Divergences, what) }

const contextKey = "kindred.record"

// Begin puts a record in the request's context, for the handlers to fill.
func Begin(c echo.Context, r *Record) { c.Set(contextKey, r) }

// Of is the record of the request. Outside an exchange it is a new one that nobody reads.
func Of(c echo.Context) *Record {
	if r, ok := c.Get(contextKey).(*Record); ok {
		return r
	}
	return &Record{}
}

// Journal is the last Capacity records. The zero value is ready.
type Journal struct {
	mu    sync.Mutex
	ring  [Capacity]Record
	count int
}

// Add numbers the record and keeps it.
func (j *Journal) Add(r *Record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.count++
	r.ID = strconv.Itoa(j.count)
	j.ring[(j.count-1)%Capacity] = *r
}

// Records lists what is kept, the oldest first.
func (j *Journal) Records() []Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	kept := min(j.count, Capacity)
	records := make([]Record, 0, kept)
	for i := j.count - kept; i < j.count; i++ {
		records = append(records, j.ring[i%Capacity])
	}
	return records
}

// Get finds a record by its id.
func (j *Journal) Get(id string) (Record, bool) {
	n, err := strconv.Atoi(id)
	j.mu.Lock()
	defer j.mu.Unlock()
	if err != nil || n < 1 || n > j.count || n <= j.count-Capacity {
		return Record{}, false
	}
	return j.ring[(n-1)%Capacity], true
}

// LastRefused is the newest record that has an error.
func (j *Journal) LastRefused() (Record, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := j.count; i > 0 && i > j.count-Capacity; i-- {
		if r := j.ring[(i-1)%Capacity]; r.Refused() {
			return r, true
		}
	}
	return Record{}, false
}

// LastChallenge is the newest challenge that no request has answered since: nobody asked for a token,
// and nobody came back to that host. It is false where there is none.
func (j *Journal) LastChallenge() (Record, bool) {
	answered := make(map[string]bool)
	for _, r := range slices.Backward(j.Records()) {
		if r.Challenge {
			return r, !answered[r.Host]
		}
		if r.Surface == "entra" && strings.HasPrefix(r.Route, "token") {
			return Record{}, false
		}
		answered[r.Host] = true
	}
	return Record{}, false
}
