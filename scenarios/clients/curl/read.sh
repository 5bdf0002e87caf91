#!/bin/sh
# Reads a secret without a library, with the requests of the tutorial: a GET that carries a form, and
# base URLs that end in a slash before paths that begin with one.
set -eu
token=$(curl -sL -X GET "$AZURE_AUTHORITY_HOST/$AZURE_TENANT_ID/oauth2/v2.0/token" \
  --form "grant_type=\"client_credentials\"" \
  --form "client_id=\"$AZURE_CLIENT_ID\"" \
  --form "scope=\"https://vault.azure.net/.default\"" \
  --form "client_assertion_type=\"urn:ietf:params:oauth:client-assertion-type:jwt-bearer\"" \
  --form "client_assertion=\"$(cat "$AZURE_FEDERATED_TOKEN_FILE")\"" | jq -r .access_token)
curl -sL "$KEYVAULT_URL/secrets/$SECRET_NAME/?api-version=7.4" \
  -H "Authorization: Bearer $token" -H "Content-Type: application/json" | jq -r .value
