// Package federation decides whether an external assertion stands for a principal:
//
//	Parse ──▶ Match (credentials of the principal) ──▶ fetch (discovery, JWKS, cache) ──▶ signature ──▶ time
//
// in Entra's order: nothing is fetched for an assertion that no credential matches. A refusal
// carries an explanation.
package federation
