package control

import "time"

// Info is what a client needs to know of a running kindred.
type Info struct {
	Version  string        `json:"version"`
	Listen   string        `json:"listen"`  // host:port of the TLS listener
	Proxy    string        `json:"proxy"`   // host:port of the CONNECT proxy
	Control  string        `json:"control"` // host:port of this API
	CA       string        `json:"ca"`      // PEM
	State    string        `json:"state,omitempty"`
	Kept     bool          `json:"kept"` // whether the vaults' contents are in the state too
	Strict   bool          `json:"strict"`
	Offline  bool          `json:"offline"`
	Seed     uint64        `json:"seed"`  // of faults with a probability
	Names    []string      `json:"names"` // of Azure's that end here: logins, issuers, vaults
	Tenants  []TenantInfo  `json:"tenants"`
	Clusters []ClusterInfo `json:"clusters"`
	Vaults   []VaultInfo   `json:"vaults"`
}

// TenantInfo is one tenant.
type TenantInfo struct {
	ID        string `json:"id"`
	Domain    string `json:"domain"`
	Authority string `json:"authority"` // https://login.microsoftonline.com/
}

// ClusterInfo is one cluster.
type ClusterInfo struct {
	Name            string   `json:"name"`
	Issuer          string   `json:"issuer"`
	ServiceAccounts []string `json:"serviceAccounts"` // NAMESPACE/NAME
}

// VaultInfo is one vault.
type VaultInfo struct {
	Name  string `json:"name"`
	URL   string `json:"url"`   // the name that clients of Azure use
	Local string `json:"local"` // the same vault at the listener itself
}

// Workload is the identity of a service account, as the webhook would inject it.
type Workload struct {
	Cluster        string `json:"cluster"`
	Namespace      string `json:"namespace"`
	ServiceAccount string `json:"serviceAccount"`
	Subject        string `json:"subject"`
	ClientID       string `json:"clientId"`
	TenantID       string `json:"tenantId"`
	Authority      string `json:"authority"` // https://login.microsoftonline.com/
}

// TokenRequest asks for a service-account token.
type TokenRequest struct {
	As        string         `json:"as"`        // [CLUSTER/]NAMESPACE/SERVICEACCOUNT; empty: the only one
	Audience  string         `json:"audience"`  // empty: the cloud's default for federation
	ExpiresIn string         `json:"expiresIn"` // a Go duration, negative for an expired one; empty: 1h
	Claims    map[string]any `json:"claims"`    // replaces claims; null removes one
	Type      string         `json:"typ"`       // the header's typ; empty: none, as Kubernetes has it
	Algorithm string         `json:"alg"`       // the header's alg; empty: RS256
	KeyID     string         `json:"kid"`       // the header's kid; empty: that of the cluster's key
	// Key is who signs: `published`, or empty, a key of the cluster; `foreign` one that it does not
	// publish, under the id of one that it does; `unnamed` a key of the cluster, without an id.
	Key string `json:"key"`
}

// Token is a service-account token.
type Token struct {
	Token   string    `json:"token"`
	Expires time.Time `json:"expires"`
}

// ClockState is the emulator's time.
type ClockState struct {
	Now time.Time `json:"now"`
}

// ClockChange moves the clock. Its parts apply in the order of the fields.
type ClockChange struct {
	Reset   bool   `json:"reset,omitempty"`
	Freeze  bool   `json:"freeze,omitempty"`
	Advance string `json:"advance,omitempty"` // a Go duration
	Resume  bool   `json:"resume,omitempty"`
}

// Fault is one thing that goes wrong on purpose; see directory.Fault. Durations are Go's.
type Fault struct {
	Surface       string  `json:"surface" yaml:"surface"` // entra, keyvault or issuer
	Host          string  `json:"host,omitempty" yaml:"host"`
	Route         string  `json:"route,omitempty" yaml:"route"` // as the journal names it
	Times         int     `json:"times,omitempty" yaml:"times"`
	Probability   float64 `json:"probability,omitempty" yaml:"probability"`
	Error         string  `json:"error,omitempty" yaml:"error"` // AADSTS90055, Throttled
	Status        int     `json:"status,omitempty" yaml:"status"`
	RetryAfter    int     `json:"retryAfter,omitempty" yaml:"retryAfter"` // seconds
	Latency       string  `json:"latency,omitempty" yaml:"latency"`
	Drop          bool    `json:"drop,omitempty" yaml:"drop"`
	Keys          string  `json:"keys,omitempty" yaml:"keys"` // stale or missing
	TokenLifetime string  `json:"tokenLifetime,omitempty" yaml:"tokenLifetime"`
}

// Problem is the body of a refusal.
type Problem struct {
	Error string `json:"error"`
}
