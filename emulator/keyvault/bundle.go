package keyvault

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"
)

// The bodies below have their fields in the order of recorded responses; what is absent is left out.
// `managed` and `kid` belong to secrets behind certificates, which there are none of.

// bundle is a SecretBundle, or without value what update, recover, restore and delete answer.
type bundle struct {
	Value       *string           `json:"value,omitempty"`
	ContentType string            `json:"contentType,omitempty"`
	ID          string            `json:"id"`
	Attributes  attributes        `json:"attributes"`
	Tags        map[string]string `json:"tags,omitempty"`
}

// attributes are a SecretAttributes; times are Unix seconds.
type attributes struct {
	Enabled         bool   `json:"enabled"`
	NotBefore       *int64 `json:"nbf,omitempty"`
	Expires         *int64 `json:"exp,omitempty"`
	Created         int64  `json:"created"`
	Updated         int64  `json:"updated"`
	RecoveryLevel   string `json:"recoveryLevel"`
	RecoverableDays int    `json:"recoverableDays"`
}

// item is a SecretItem of a list.
type item struct {
	ContentType string            `json:"contentType,omitempty"`
	ID          string            `json:"id"`
	Attributes  attributes        `json:"attributes"`
	Tags        map[string]string `json:"tags,omitempty"`
}

// tombstone is what a deleted secret has before the fields of its bundle or item.
type tombstone struct {
	RecoveryID         string `json:"recoveryId"`
	DeletedDate        int64  `json:"deletedDate"`
	ScheduledPurgeDate int64  `json:"scheduledPurgeDate"`
}

type deletedBundle struct {
	tombstone
	bundle
}

type deletedItem struct {
	tombstone
	item
}

// page is a list; NextLink is null on the last one.
type page[T any] struct {
	Value    []T     `json:"value"`
	NextLink *string `json:"nextLink"`
}

// backupResult is the answer of backup, and the body of restore.
type backupResult struct {
	Value string `json:"value"`
}

func (s *site) secretID(v *version) string  { return s.base + "/secrets/" + v.name }
func (s *site) versionID(v *version) string { return s.base + "/secrets/" + v.name + "/" + v.id }

func (s *site) attributes(v *version) attributes {
	return attributes{
		Enabled: v.enabled, NotBefore: v.notBefore, Expires: v.expires, Created: v.created, Updated: v.updated,
		RecoveryLevel: s.recoveryLevel, RecoverableDays: s.retention,
	}
}

// bundle is a version without its value.
func (s *site) bundle(v *version) bundle {
	return bundle{ContentType: v.contentType, ID: s.versionID(v), Attributes: s.attributes(v), Tags: v.tags}
}

func (s *site) valueBundle(v *version) *bundle {
	b := s.bundle(v)
	b.Value = &v.value
	return &b
}

func (s *site) item(v *version, id string) item {
	return item{ContentType: v.contentType, ID: id, Attributes: s.attributes(v), Tags: v.tags}
}

func (s *site) tombstone(d *deletion) tombstone {
	return tombstone{
		RecoveryID:  s.base + "/deletedsecrets/" + d.latest.name,
		DeletedDate: d.date, ScheduledPurgeDate: d.purge,
	}
}

func (s *site) deletedBundle(d *deletion) *deletedBundle {
	return &deletedBundle{s.tombstone(d), s.bundle(d.latest)}
}

// answer writes a body as JSON, without the escapes that HTML would need.
func (s *Surface) answer(c echo.Context, body any) error {
	b, _ := s.buffers.Get().(*bytes.Buffer)
	if b == nil {
		b = new(bytes.Buffer)
	}
	defer func() {
		if b.Cap() <= maxBody {
			b.Reset()
			s.buffers.Put(b)
		}
	}()
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return err
	}
	w := c.Response()
	w.Header()[echo.HeaderContentType] = s.headers.contentType
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	return err
}
