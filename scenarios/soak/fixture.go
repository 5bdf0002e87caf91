package main

import (
	_ "embed"
	"fmt"
)

//go:embed fixture.yaml
var fixture []byte

// What the fixture has.
const (
	workers    = 8
	workerID   = "10000000-0000-4000-8000-000000000001"
	appID      = "20000000-0000-4000-8000-000000000001"
	appSecret  = "the-secret-of-ci"
	otherVault = "kv-other-tenant"
	faultMark  = "7" // the Retry-After of every answer that is a fault
)

func vaultName(worker int) string { return fmt.Sprintf("kv-soak-%d", worker) }
