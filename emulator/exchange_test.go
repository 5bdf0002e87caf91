package emulator

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/faults"
	"github.com/kindred-emulator/kindred/emulator/journal"
)

// exchanged is one exchange with a handler: the answer, its record and the log.
func exchanged(t *testing.T, path string, h echo.HandlerFunc) (*httptest.ResponseRecorder, journal.Record, string) {
	t.Helper()
	var log strings.Builder
	x := &exchanges{
		surface: "keyvault", write: writeKeyVault, now: func() time.Time { return frozen },
		journal: &journal.Journal{}, faults: faults.New(1, nil), log: slog.New(slog.NewTextHandler(&log, nil)),
	}
	e := echo.New()
	e.GET("/*", x.handle("get", h))
	rec := httptest.NewRecorder()
	e.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
	records := x.journal.Records()
	require.Len(t, records, 1)
	return rec, records[0], log.String()
}

func TestAnUnforeseenErrorIsA500AndLogged(t *testing.T) {
	t.Parallel()
	rec, r, log := exchanged(t, "/x", func(echo.Context) error { return errors.New("the disk is on fire") })
	assert.Equal(t, http.StatusInternalServerError, rec.Code)
	assert.JSONEq(t, `{"error":{"code":"InternalServerError","message":"An internal error occurred."}}`, rec.Body.String())
	assert.NotContains(t, rec.Body.String(), "fire", "its cause is not for the wire")
	assert.Contains(t, log, "level=ERROR")
	assert.Contains(t, log, "the disk is on fire")
	assert.Equal(t, "InternalServerError", r.Error.ID)
}

func TestARefusalIsJournalled(t *testing.T) {
	t.Parallel()
	why := &apierr.Explanation{Cause: "policy-denied"}
	rec, r, log := exchanged(t, "/x", func(echo.Context) error { return apierr.SecretNotFound.With("x").Because(why) })
	assert.Equal(t, http.StatusNotFound, rec.Code)
	assert.Equal(t, http.StatusNotFound, r.Status)
	assert.Equal(t, "get", r.Route)
	assert.Equal(t, "SecretNotFound", r.Error.ID)
	assert.Same(t, why, r.Explanation)
	assert.Equal(t, 1, strings.Count(log, "\n"), "one line")
	assert.Contains(t, log, "error=SecretNotFound")
}

func TestAnAnswerThatHasBegunIsNotFollowedByAnother(t *testing.T) {
	t.Parallel()
	rec, r, _ := exchanged(t, "/x", func(c echo.Context) error {
		return errors.Join(c.String(http.StatusOK, "half"), errors.New("then it broke"))
	})
	assert.Equal(t, "half", rec.Body.String())
	assert.True(t, r.Refused())
}

func TestRecordsAreBounded(t *testing.T) {
	t.Parallel()
	_, r, _ := exchanged(t, "/"+strings.Repeat("x", 10_000), func(c echo.Context) error { return c.NoContent(http.StatusOK) })
	assert.Less(t, len(r.Path), 600)
	assert.True(t, strings.HasSuffix(r.Path, "…"))
}
