package entra

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/journal"
)

const (
	jsonType     = "application/json; charset=utf-8"
	cookieLife   = 30 * 24 * time.Hour
	cookieBytes  = 18
	cookieFlags  = "; path=/; secure; HttpOnly; SameSite=None"
	cookieSlice  = "x-ms-gateway-slice=estsfd; path=/; secure; samesite=none; httponly"
	cookieServer = "stsservicecookie=estsfd; path=/; secure; samesite=none; httponly"
)

// Headers is the middleware that sets the headers that the token endpoint sends with every answer,
// as captured from login.microsoftonline.com. Documents replace those about caching.
func (s *Surface) Headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := journal.Of(c)
		h := c.Response().Header()
		h.Set("Cache-Control", "no-store, no-cache")
		h.Set("Pragma", "no-cache")
		h.Set("Expires", "-1")
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("P3P", `CP="DSP CUR OTPi IND OTRi ONL FIN"`)
		h.Set("X-Ms-Request-Id", r.TraceID)
		h.Set("X-Ms-Ests-Server", "2.1.16522.6 - JPE ProdSlices")
		h.Set("X-Ms-Srs", "1.P")
		h.Set("X-Xss-Protection", "0")
		h.Set("Client-Request-Id", r.CorrelationID)
		if err := s.setCookies(h); err != nil {
			return err
		}
		return next(c)
	}
}

func (s *Surface) setCookies(h http.Header) error {
	var id [cookieBytes]byte
	if _, err := io.ReadFull(s.Rand, id[:]); err != nil {
		return fmt.Errorf("cookie: %w", err)
	}
	fpc := "fpc=" + base64.RawURLEncoding.EncodeToString(id[:]) +
		"; expires=" + s.Now().Add(cookieLife).UTC().Format(http.TimeFormat) + cookieFlags
	h["Set-Cookie"] = []string{fpc, cookieSlice, cookieServer}
	return nil
}
