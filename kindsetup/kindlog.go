package kindsetup

import "sigs.k8s.io/kind/pkg/log"

// kindLog drops what kind says while it works: the steps here say it, and errors carry their cause.
type kindLog struct{ log.NoopLogger }
