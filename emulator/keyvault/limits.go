package keyvault

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/kindred-emulator/kindred/emulator/apierr"
)

// windowIs is what a vault's limit of transactions counts in.
const windowIs = 10 * time.Second

// window counts the transactions of a vault since its window began.
type window struct {
	mu    sync.Mutex
	began time.Time
	count int
}

// reset lets the next transaction begin a window.
func (w *window) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.began, w.count = time.Time{}, 0
}

// throttle takes one more transaction, or refuses it with the seconds until the next window begins.
func (v *vault) throttle(now time.Time) error {
	if v.TransactionLimit == 0 {
		return nil
	}
	w := &v.window
	w.mu.Lock()
	defer w.mu.Unlock()
	if since := now.Sub(w.began); since < 0 || since >= windowIs {
		w.began, w.count = now, 0
	}
	if w.count++; w.count <= v.TransactionLimit {
		return nil
	}
	e := apierr.Throttled.With()
	e.RetryAfter = int((windowIs-now.Sub(w.began)-1)/time.Second) + 1
	return e
}

// firewall refuses a client whose address (HOST:PORT) the vault does not let in. A client inside the
// process has none, and counts as this machine.
func (r *request) firewall(remote string) error {
	if r.AllowedAddresses == nil {
		return nil
	}
	address := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if a, err := netip.ParseAddrPort(remote); err == nil {
		address = a.Addr().Unmap()
	}
	if slices.ContainsFunc(r.AllowedAddresses, func(p netip.Prefix) bool { return p.Contains(address) }) {
		return nil
	}
	return apierr.DeniedByFirewall.With(address, r.token.caller(), r.Name, r.Location).Because(&apierr.Explanation{
		Cause:   "firewall",
		Summary: fmt.Sprintf("The firewall of vault %s does not let %s in.", r.Name, address),
		Closest: "vault " + r.Name,
		Source:  r.Source.String(),
		Fix: &apierr.Fix{
			Text:    "Add the address to the vault's firewall.",
			Source:  r.Source.String(),
			Field:   "allowedAddresses",
			Value:   "- " + address.String(),
			Command: fmt.Sprintf("az keyvault network-rule add --name %s --ip-address %s", r.Name, address),
		},
	})
}
