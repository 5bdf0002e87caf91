"""Reads a secret as any Python program for Azure does."""
import os

from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

client = SecretClient(vault_url=os.environ["KEYVAULT_URL"], credential=DefaultAzureCredential())
print(client.get_secret(os.environ["SECRET_NAME"]).value)
