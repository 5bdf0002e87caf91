package emulator

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/journal"
)

// handshakes takes net/http's lines, and tells of the clients that end a TLS handshake since they do
// not trust kindred's certificate authority: no request of theirs ever arrives.
type handshakes struct {
	log     *slog.Logger
	journal *journal.Journal
	now     func() time.Time
	cluster bool                       // whether the clients are pods that a webhook makes trust kindred
	names   *lru.Cache[string, string] // the host that a client asked for, by its own address
}

const maxHandshakes = 256 // under way at one time; of those beyond, the host is not told

func newHandshakes(s *surfaces) (*handshakes, error) {
	names, err := lru.New[string, string](maxHandshakes)
	return &handshakes{log: s.Log, journal: s.journal, now: s.Now, cluster: s.Webhook != nil, names: names}, err
}

// watch has a server's handshakes remembered.
func (h *handshakes) watch(c *tls.Config) {
	certificate := c.GetCertificate
	c.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		h.names.Add(hello.Conn.RemoteAddr().String(), hello.ServerName)
		return certificate(hello)
	}
}

// Write takes one line, such as
//
//	http: TLS handshake error from 127.0.0.1:4711: remote error: tls: unknown certificate authority
func (h *handshakes) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	_, failure, found := strings.Cut(text, "TLS handshake error from ")
	client, reason, _ := strings.Cut(failure, ": ")
	_, alert, _ := strings.Cut(reason, "remote error: tls: ")
	if !found || !strings.Contains(alert, "certificate") {
		h.log.Debug("server", "message", text)
		return len(line), nil
	}
	host, _ := h.names.Get(client)
	r := &journal.Record{
		Time: h.now(), Surface: "tls", Route: "handshake", Method: http.MethodConnect, Host: clip(host),
		Error:       &journal.Failure{ID: "Untrusted", Message: "The client ended the TLS handshake: " + alert + "."},
		Explanation: h.explain(client, alert),
	}
	h.journal.Add(r)
	h.log.Warn(r.Explanation.Summary, "host", r.Host, "client", client, "alert", alert, "fix", r.Explanation.Fix.Text)
	return len(line), nil
}

func (h *handshakes) explain(client, alert string) *apierr.Explanation {
	x := &apierr.Explanation{
		Cause:    "authority-not-trusted",
		Summary:  "The client does not trust kindred's certificate authority.",
		Evidence: []string{fmt.Sprintf("It is at %s, and sent the TLS alert %q.", client, alert)},
		Fix:      &apierr.Fix{Text: "Run it under `kindred exec`, or give it what `kindred env` prints."},
	}
	if h.cluster {
		x.Cause = "pod-not-labelled"
		x.Summary = "The client does not trust kindred's certificates; if it is a container of a pod, the webhook has not changed it."
		x.Evidence = append(x.Evidence, "Containers of labelled pods get the certificates with the token file and the AZURE_ variables.")
		x.Fix.Text = "Label the pod, or its template, not the ServiceAccount; or take the container out of " +
			"azure.workload.identity/skip-containers; then make the pod anew. A program on this machine: " + x.Fix.Text
		x.Fix.Do, x.Fix.Field, x.Fix.Value = apierr.DoLabel, "azure.workload.identity/use", "true"
	}
	return x
}
