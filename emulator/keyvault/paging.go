package keyvault

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/directory"
)

// maxPage is the size of a page, and the most that a caller may ask for.
const maxPage = 25

// List is GET /secrets: the latest versions, by name.
func (s *Surface) List(c echo.Context) error {
	r, p, err := s.beginList(c, isName)
	if err != nil {
		return err
	}
	found, more := r.store.page(p.after, p.limit)
	list := page[item]{Value: make([]item, len(found))}
	for i, v := range found {
		list.Value[i] = r.item(v, r.secretID(v))
	}
	if more {
		list.NextLink = p.next(found[len(found)-1].name)
	}
	return s.answer(c, list)
}

// ListVersions is GET /secrets/{name}/versions, by version id. A secret that is not there has none.
func (s *Surface) ListVersions(c echo.Context) error {
	r, p, err := s.beginList(c, isVersion)
	if err != nil {
		return err
	}
	found, more := r.store.versionPage(r.name, p.after, p.limit)
	list := page[item]{Value: make([]item, len(found))}
	for i, v := range found {
		list.Value[i] = r.item(v, r.versionID(v))
	}
	if more {
		list.NextLink = p.next(found[len(found)-1].id)
	}
	return s.answer(c, list)
}

// ListDeleted is GET /deletedsecrets, by name.
func (s *Surface) ListDeleted(c echo.Context) error {
	r, p, err := s.beginList(c, isName)
	if err != nil {
		return err
	}
	found, more := r.store.deletedPage(p.after, p.limit, r.now.Unix())
	list := page[deletedItem]{Value: make([]deletedItem, len(found))}
	for i, d := range found {
		list.Value[i] = deletedItem{r.tombstone(d), r.item(d.latest, r.secretID(d.latest))}
	}
	if more {
		list.NextLink = p.next(found[len(found)-1].latest.name)
	}
	return s.answer(c, list)
}

// pageRequest is what part of a list is asked for.
type pageRequest struct {
	after string // the last key of the page before; empty for the first page
	limit int
	// What the link to the next page repeats.
	url        string
	apiVersion string
	maxResults string
}

// beginList begins a list whose keys are names or version ids.
func (s *Surface) beginList(c echo.Context, isKey func(string) bool) (*request, *pageRequest, error) {
	r, err := s.begin(c, directory.PermissionList, actionMetadata)
	if err != nil {
		return nil, nil, err
	}
	p := &pageRequest{limit: maxPage, url: r.page + c.Request().URL.Path, apiVersion: c.QueryParam("api-version")}
	query := c.QueryParams()
	if query.Has("maxresults") {
		p.maxResults = query.Get("maxresults")
		if p.limit, err = strconv.Atoi(p.maxResults); err != nil || p.limit < 1 || p.limit > maxPage {
			return nil, nil, badParameter("The query parameter maxresults must be a number from 1 to %d.", maxPage)
		}
	}
	if query.Has("$skiptoken") {
		var ok bool
		if p.after, ok = decodeSkip(query.Get("$skiptoken"), isKey); !ok {
			return nil, nil, badParameter("The query parameter $skiptoken is not one that a nextLink had.")
		}
	}
	return r, p, nil
}

// next is the link to the page after a key. The parameters stand in the recorded order.
func (p *pageRequest) next(key string) *string {
	link := p.url + "?api-version=" + url.QueryEscape(p.apiVersion) + "&$skiptoken=" + encodeSkip(key)
	if p.maxResults != "" {
		link += "&maxresults=" + url.QueryEscape(p.maxResults)
	}
	return &link
}

// A skip token is the base64url of a format's number and the key that the next page follows. It
// names a place in the order, not an item, so it holds when the item is deleted.
const skipFormat = "1:"

func encodeSkip(key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(skipFormat + key))
}

func decodeSkip(token string, isKey func(string) bool) (key string, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return "", false
	}
	key, ok = strings.CutPrefix(string(b), skipFormat)
	return key, ok && len(key) <= maxName && isKey(key)
}
