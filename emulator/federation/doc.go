// Package federation decides whether an external assertion stands for a principal:
//
//	Parse ─▶ Check ─▶ match ─▶ fetch ─▶ signature ─▶ time
//	 JWT      alg      the        discovery,
//	 typ      kid      principal's JWKS,
//	          claims   credentials cache
//
// in Entra's order: nothing is fetched for an assertion that no credential matches. Each step is a
// file. A refusal is a row of apierr with an explanation (explain_*.go): what arrived, which
// credential came closest, how the two differ and what mends it.
package federation
