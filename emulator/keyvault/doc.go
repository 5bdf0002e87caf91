// Package keyvault plays Azure Key Vault's secrets API (data plane), one vault a host name:
//
//	challenge ─▶ authenticate ─▶ authorize ─▶ operation
//
// in that order, so a caller without a token or a permission learns nothing of what exists.
package keyvault
