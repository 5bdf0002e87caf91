// Command quickstart reads a secret as any program for Azure does: no option of any client is set.
// KEYVAULT_URL names the vault, SECRET_NAME the secret; its value goes to standard output. With EVERY, a
// duration, it is read again and again, each time with a token of its own.
package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

func main() {
	every, err := time.ParseDuration(cmp.Or(os.Getenv("EVERY"), "0s"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "EVERY:", err)
		os.Exit(2)
	}
	err = show()
	for every > 0 {
		time.Sleep(every)
		err = show()
	}
	if err != nil {
		os.Exit(1)
	}
}

func show() error {
	value, err := read(context.Background(), os.Getenv("KEYVAULT_URL"), os.Getenv("SECRET_NAME"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return err
	}
	fmt.Println(value)
	return nil
}

func read(ctx context.Context, vault, name string) (string, error) {
	credential, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		return "", err
	}
	client, err := azsecrets.NewClient(vault, credential, nil)
	if err != nil {
		return "", err
	}
	secret, err := client.GetSecret(ctx, name, "", nil)
	if err != nil {
		return "", err
	}
	return *secret.Value, nil
}
