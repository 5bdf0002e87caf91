// Reads a secret as any JavaScript program for Azure does.
import { DefaultAzureCredential } from "@azure/identity";
import { SecretClient } from "@azure/keyvault-secrets";

const client = new SecretClient(process.env.KEYVAULT_URL, new DefaultAzureCredential());
console.log((await client.getSecret(process.env.SECRET_NAME)).value);
