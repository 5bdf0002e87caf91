import com.azure.identity.DefaultAzureCredentialBuilder;
import com.azure.security.keyvault.secrets.SecretClientBuilder;

/** Reads a secret as any Java program for Azure does. */
public class Read {
    public static void main(String[] args) {
        var client = new SecretClientBuilder()
            .vaultUrl(System.getenv("KEYVAULT_URL"))
            .credential(new DefaultAzureCredentialBuilder().build())
            .buildClient();
        System.out.println(client.getSecret(System.getenv("SECRET_NAME")).getValue());
    }
}
