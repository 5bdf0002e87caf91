// Package keys holds what kindred signs with: a ring of RSA keys for Entra and one for each
// cluster, and a local certificate authority that issues the certificates of its listeners.
//
//	Store ── Ring("entra")    ── Key (kid, certificate) ── SignJWT
//	      ├─ Ring("cluster-…") ── …
//	      └─ Authority         ── Leaf(host)
//
// A Store lives in a directory, so that a CA which a machine trusts stays the same over restarts,
// or in memory only.
package keys
