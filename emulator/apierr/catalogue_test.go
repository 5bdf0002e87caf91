package apierr_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/apierr"
)

var update = flag.Bool("update", false, "write the golden files anew")

var verb = regexp.MustCompile(`%(\[(\d+)\])?([sd])`)

// filled makes an error of the row whose arguments are <1>, <2>, … and numbers 1, 2, ….
func filled(t *testing.T, r *apierr.Row) *apierr.Error {
	t.Helper()
	var args []any
	for _, v := range verb.FindAllStringSubmatch(r.Text, -1) {
		n := len(args) + 1
		if v[2] != "" {
			_, err := fmt.Sscan(v[2], &n)
			require.NoError(t, err)
		}
		for len(args) < n {
			args = append(args, fmt.Sprintf("<%d>", len(args)+1))
		}
		if v[3] == "d" {
			args[n-1] = n
		}
	}
	return r.With(args...)
}

// body is what the row's own writer answers.
func body(t *testing.T, r *apierr.Row) *httptest.ResponseRecorder {
	t.Helper()
	rec := httptest.NewRecorder()
	if r.Number == 0 {
		require.NoError(t, apierr.WriteKeyVault(rec, filled(t, r)))
		return rec
	}
	require.NoError(t, apierr.WriteEntra(rec, filled(t, r), apierr.Envelope{
		Time:          time.Date(2026, 3, 4, 5, 6, 7, 890, time.FixedZone("", 3600)),
		TraceID:       "11111111-1111-4111-8111-111111111111",
		CorrelationID: "22222222-2222-4222-8222-222222222222",
	}))
	return rec
}

func TestRowsAreSane(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	texts := regexp.MustCompile(`^[A-Z%'\[]`)
	for _, r := range apierr.All() {
		identity := fmt.Sprint(r.Number, r.Code, r.Inner, r.Text)
		assert.False(t, seen[identity], "%s stands in two rows", r.ID())
		seen[identity] = true

		assert.NotEmpty(t, r.Code, r.ID())
		assert.Regexp(t, texts, r.Text, r.ID())
		assert.NotContains(t, r.Text, "AADSTS", "the number of %s is written by Error", r.ID())
		assert.True(t, r.Status >= 400 && r.Status < 600, "%s: status %d", r.ID(), r.Status)
		assert.Contains(t, []apierr.Evidence{apierr.Live, apierr.Documented, apierr.Reported, apierr.Assumed}, r.Evidence, r.ID())
		assert.NotContains(t, filled(t, r).Message, "%!", "%s: a verb without its argument", r.ID())
		if r.Number != 0 {
			assert.True(t, r.Number >= 10_000 && r.Number < 10_000_000, "%s has five to seven digits", r.ID())
			assert.Regexp(t, `^(invalid|unauthorized|unsupported|temporarily)_[a-z_]+$`, r.Code, r.ID())
			assert.Empty(t, r.Inner, r.ID())
		} else {
			assert.False(t, r.ErrorURI, r.ID())
		}
	}
	assert.Greater(t, len(seen), 60)
}

// One number has one OAuth error, but for the two that Entra itself answers in two ways.
func TestOneNumberOneError(t *testing.T) {
	t.Parallel()
	codes := make(map[int]*apierr.Row)
	for _, r := range apierr.All() {
		first, ok := codes[r.Number]
		switch {
		case r.Number == 0, r == apierr.UnknownTenantDocument:
		case !ok:
			codes[r.Number] = r
		default:
			assert.Equal(t, [2]any{first.Code, first.Status}, [2]any{r.Code, r.Status}, r.ID())
		}
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	files := map[string]*bytes.Buffer{"entra.golden": {}, "others.golden": {}}
	for _, r := range apierr.All() {
		golden := files["entra.golden"]
		if r.Number == 0 {
			golden = files["others.golden"]
		}
		rec := body(t, r)
		assert.Equal(t, "application/json; charset=utf-8", rec.Header().Get("Content-Type"))
		fmt.Fprintf(golden, "%s %d %s\n%s\n", r.ID(), rec.Code, r.Evidence, rec.Body)
	}
	for name, got := range files {
		path := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(path, got.Bytes(), 0o600))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, string(want), got.String(), "go test ./emulator/apierr -update writes %s anew", path)
	}
}

func TestTheNumberInTheTextIsTheCode(t *testing.T) {
	t.Parallel()
	for _, r := range apierr.All() {
		if r.Number == 0 {
			continue
		}
		var got struct {
			Description string `json:"error_description"`
			Codes       []int  `json:"error_codes"`
			URI         string `json:"error_uri"`
			TraceID     string `json:"trace_id"`
			Correlation string `json:"correlation_id"`
			Timestamp   string `json:"timestamp"`
		}
		require.NoError(t, json.Unmarshal(body(t, r).Body.Bytes(), &got))
		require.Len(t, got.Codes, 1, r.ID())
		assert.True(t, strings.HasPrefix(got.Description, fmt.Sprintf("AADSTS%d: ", got.Codes[0])), got.Description)
		assert.Equal(t, r.Number, got.Codes[0])
		assert.True(t, strings.HasSuffix(got.Description,
			" Trace ID: "+got.TraceID+" Correlation ID: "+got.Correlation+" Timestamp: "+got.Timestamp), got.Description)
		assert.Equal(t, "2026-03-04 04:06:07Z", got.Timestamp)
		want := ""
		if r.ErrorURI {
			want = fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", r.Number)
		}
		assert.Equal(t, want, got.URI, r.ID())
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	e := apierr.BadSecret.With("x")
	e.RetryAfter = 7
	rec := httptest.NewRecorder()
	require.NoError(t, apierr.WriteEntra(rec, e, apierr.Envelope{}))
	assert.Equal(t, "7", rec.Header().Get("Retry-After"))
}

func TestErrorsCompareByRow(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("wrapped: %w", apierr.NoMatchingSubject.With("a"))
	require.ErrorIs(t, err, apierr.NoMatchingSubject.With("b"))
	assert.NotErrorIs(t, err, apierr.NoMatchingIssuer.With("a"))
	require.ErrorIs(t, err, apierr.NoMatchingSubject.With("a").Because(&apierr.Explanation{Cause: "x"}))
}
