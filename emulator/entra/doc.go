// Package entra plays Microsoft Entra's token service: the token endpoint for the client
// credentials grant, the OpenID Connect documents, the signing keys and instance discovery.
//
//	Token: parse ─▶ client (tenant, principal, credential) ─▶ resource ─▶ mint
package entra
