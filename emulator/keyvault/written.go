package keyvault

import "errors"

// written is a secret as it stands in backups and on the disk.
type written struct {
	Name     string           `json:"name"`
	Latest   string           `json:"latest"`   // id
	Versions []writtenVersion `json:"versions"` // in the order of their ids
}

// writtenVersion has its value as bytes, which need not be UTF-8.
type writtenVersion struct {
	ID          string            `json:"id"`
	Value       []byte            `json:"value"`
	ContentType string            `json:"contentType,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	Enabled     bool              `json:"enabled"`
	NotBefore   *int64            `json:"nbf,omitempty"`
	Expires     *int64            `json:"exp,omitempty"`
	Created     int64             `json:"created"`
	Updated     int64             `json:"updated"`
}

func writtenOf(all []*version, latest *version) written {
	w := written{Name: latest.name, Latest: latest.id, Versions: make([]writtenVersion, len(all))}
	for i, v := range all {
		w.Versions[i] = writtenVersion{
			ID: v.id, Value: []byte(v.value), ContentType: v.contentType, Tags: v.tags, Enabled: v.enabled,
			NotBefore: v.notBefore, Expires: v.expires, Created: v.created, Updated: v.updated,
		}
	}
	return w
}

// read is the secret, unchecked but for its having a latest version.
func (w *written) read() (*secret, error) {
	x := &secret{}
	for _, b := range w.Versions {
		v := &version{
			name: w.Name, id: b.ID, value: string(b.Value), contentType: b.ContentType, tags: b.Tags,
			enabled: b.Enabled, notBefore: b.NotBefore, expires: b.Expires, created: b.Created, updated: b.Updated,
		}
		if v.id == w.Latest {
			x.latest = v
		}
		x.versions = append(x.versions, v)
	}
	if x.latest == nil {
		return nil, errors.New("it has no latest version")
	}
	return x, nil
}
