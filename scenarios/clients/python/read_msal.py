"""Reads a secret with MSAL and plain HTTP."""
import os

import msal
import requests

authority = os.environ["AZURE_AUTHORITY_HOST"] + os.environ["AZURE_TENANT_ID"]
with open(os.environ["AZURE_FEDERATED_TOKEN_FILE"], encoding="utf-8") as file:
    assertion = file.read()
app = msal.ConfidentialClientApplication(
    os.environ["AZURE_CLIENT_ID"], authority=authority, client_credential={"client_assertion": assertion}
)
token = app.acquire_token_for_client(["https://vault.azure.net/.default"])
if "access_token" not in token:
    raise SystemExit(token["error_description"])
answer = requests.get(
    f"{os.environ['KEYVAULT_URL']}secrets/{os.environ['SECRET_NAME']}",
    params={"api-version": "7.4"},
    headers={"Authorization": "Bearer " + token["access_token"]},
    timeout=30,
)
answer.raise_for_status()
print(answer.json()["value"])
