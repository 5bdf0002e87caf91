package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"
	admission "k8s.io/api/admission/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/journal"
)

// Config is what the surface needs; every field but NodeTrust is required.
type Config struct {
	Accounts Accounts
	// Cluster is the fixture's cluster whose pods come here: its tenant is the default of
	// AZURE_TENANT_ID, its cloud says the authority and the audience.
	Cluster *directory.Cluster
	// CA is kindred's certificate authority, PEM.
	CA []byte
	// NodeTrust is the folder on every node that holds what trust.Write makes, by the names below.
	// Empty: pods get the CA alone.
	NodeTrust string
}

// Accounts reads ServiceAccounts.
type Accounts interface {
	// Annotations are those of a ServiceAccount; ErrNoAccount where there is none of that name.
	Annotations(ctx context.Context, namespace, name string) (map[string]string, error)
}

// ErrNoAccount says that a ServiceAccount does not exist.
var ErrNoAccount = errors.New("there is no such service account")

// Surface answers the webhook's requests.
type Surface struct{ Config }

// New makes the surface.
func New(c Config) *Surface { return &Surface{c} }

// The paths. Pods of namespaces that enforce a Pod Security Standard may mount nothing of the node:
// theirs is the second one, which gives them the CA alone.
const (
	Path           = "/mutate-v1-pod"
	RestrictedPath = "/mutate-v1-pod/restricted"
)

const maxReview = 8 << 20 // an object is 1.5 MiB at most, and an update has two

// Mutate answers an AdmissionReview (admission.k8s.io/v1) of a pod's creation.
func (s *Surface) Mutate(c echo.Context) error { return s.review(c, s.NodeTrust) }

// MutateRestricted is Mutate for pods that may mount nothing of the node.
func (s *Surface) MutateRestricted(c echo.Context) error { return s.review(c, "") }

func (s *Surface) review(c echo.Context, nodeTrust string) error {
	var review admission.AdmissionReview
	body := http.MaxBytesReader(c.Response(), c.Request().Body, maxReview)
	if err := json.NewDecoder(body).Decode(&review); err != nil || review.Request == nil {
		return c.String(http.StatusBadRequest, "what was sent is no AdmissionReview of admission.k8s.io/v1\n")
	}
	changes, err := s.change(c.Request().Context(), review.Request, nodeTrust)
	if err != nil {
		journal.Of(c).Error = &journal.Failure{ID: "PodRefused", Message: err.Error()}
	}
	answer, err := respond(review.Request.UID, changes, err)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, admission.AdmissionReview{TypeMeta: review.TypeMeta, Response: answer})
}

// respond is the answer to a request: the pod's changes, or why it is refused.
func respond(id types.UID, changes []change, refused error) (*admission.AdmissionResponse, error) {
	answer := &admission.AdmissionResponse{UID: id}
	if refused != nil {
		answer.Result = &meta.Status{Status: meta.StatusFailure, Code: http.StatusBadRequest, Message: refused.Error()}
		return answer, nil
	}
	answer.Allowed = true
	if len(changes) == 0 {
		return answer, nil
	}
	patch, err := json.Marshal(changes)
	if err != nil {
		return nil, err
	}
	kind := admission.PatchTypeJSONPatch
	answer.Patch, answer.PatchType = patch, &kind
	return answer, nil
}
