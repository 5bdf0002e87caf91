// Package keyvault plays Azure Key Vault's secrets API (data plane), one vault a host name:
//
//	challenge ─▶ authenticate ─▶ authorize ─▶ operation
//
// in that order, so a caller without a token or a permission learns nothing of what exists.
//
//	surface.go   the seams, and the headers of every response
//	site.go      host name ─▶ vault, and the URLs and challenge it has under that name
//	request.go   the steps that every operation begins with
//	token.go     access tokens; explain.go  why a caller was refused and what mends it
//	secrets.go   set, get, update, delete, backup, restore
//	deleted.go   get, recover and purge what is deleted
//	paging.go    the three lists
//	body.go      request bodies and their limits; bundle.go  response bodies; backup.go  backup blobs
//	store.go     what a vault holds, without HTTP
//
// Source: https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups.
package keyvault
