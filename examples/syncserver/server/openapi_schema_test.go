package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// openAPI is an OpenAPI document.
type openAPI map[string]any

// at returns the value at a reference, such as #/components/schemas/Time, or nil.
func (d openAPI) at(reference string) any {
	path, ok := strings.CutPrefix(reference, "#/")
	if !ok {
		return nil
	}
	var value any = map[string]any(d)
	for name := range strings.SplitSeq(path, "/") {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// object returns the object at a member of an object, to which a reference may lead.
func (d openAPI) object(of map[string]any, name string) map[string]any {
	value, _ := of[name].(map[string]any)
	return d.resolved(value)
}

func (d openAPI) resolved(value map[string]any) map[string]any {
	if reference, ok := value["$ref"].(string); ok {
		value, _ = d.at(reference).(map[string]any)
	}
	return value
}

const unknownKeyword = "unknown keyword "

// check returns an error unless a value fits a schema. It knows the keywords that openapi.json uses, and refuses others.
func (d openAPI) check(schema, value any) error {
	if schema == true {
		return nil
	}
	keywords, ok := schema.(map[string]any)
	if !ok {
		return fmt.Errorf("not a schema: %v", schema)
	}
	for _, keyword := range slices.Sorted(maps.Keys(keywords)) {
		if err := d.checkKeyword(keyword, keywords, value); err != nil {
			return err
		}
	}
	return nil
}

func (d openAPI) checkKeyword(keyword string, schema map[string]any, value any) error {
	want := schema[keyword]
	object, isObject := value.(map[string]any)
	list, isList := value.([]any)
	text, isText := value.(string)
	number, isNumber := value.(json.Number)
	switch keyword {
	case "description":
	case "properties":
		for name, of := range d.object(schema, "properties") {
			if member, has := object[name]; has {
				if err := d.check(of, member); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
		}
	case "$ref":
		return d.check(d.at(want.(string)), value)
	case "type":
		_, isBool := value.(bool)
		is := map[any]bool{"object": isObject, "array": isList, "string": isText, "boolean": isBool, "null": value == nil}
		is["integer"] = isNumber && !strings.ContainsAny(string(number), ".eE")
		if !is[want] {
			return fmt.Errorf("%v is not of the type %v", value, want)
		}
	case "const":
		if want != value {
			return fmt.Errorf("%v is not %v", value, want)
		}
	case "enum":
		if !slices.Contains(want.([]any), value) {
			return fmt.Errorf("%v is not one of %v", value, want)
		}
	case "pattern":
		if isText && !regexp.MustCompile(want.(string)).MatchString(text) {
			return fmt.Errorf("%q does not match %v", text, want)
		}
	case "minimum":
		if isNumber && strings.HasPrefix(string(number), "-") {
			return fmt.Errorf("%v is negative", number)
		}
	case "required":
		for _, name := range want.([]any) {
			if _, has := object[name.(string)]; isObject && !has {
				return fmt.Errorf("%v is missing", name)
			}
		}
	case "additionalProperties":
		for name, member := range object {
			if err := d.check(want, member); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	case "items":
		for i, element := range list {
			if err := d.check(want, element); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
		}
	case "allOf", "anyOf", "oneOf":
		return d.checkSeveral(keyword, want.([]any), value)
	default:
		return fmt.Errorf(unknownKeyword+"%s", keyword)
	}
	return nil
}

// checkSeveral counts the schemas that a value fits.
func (d openAPI) checkSeveral(keyword string, schemas []any, value any) error {
	fits, first := 0, error(nil)
	for _, schema := range schemas {
		if err := d.check(schema, value); err == nil {
			fits++
		} else if first == nil {
			first = err
		}
	}
	switch {
	case keyword == "allOf" && fits < len(schemas), keyword != "allOf" && fits == 0:
		return first
	case keyword == "oneOf" && fits > 1:
		return fmt.Errorf("%v fits %d schemas of oneOf", value, fits)
	}
	return nil
}

// checkSchema returns an error unless check knows all keywords of a schema and of the schemas in it.
func (d openAPI) checkSchema(schema any) error {
	keywords, _ := schema.(map[string]any)
	var parts []any
	for keyword, value := range keywords {
		if err := d.checkKeyword(keyword, keywords, nil); err != nil && strings.HasPrefix(err.Error(), unknownKeyword) {
			return err
		}
		switch keyword {
		case "properties":
			parts = slices.AppendSeq(parts, maps.Values(value.(map[string]any)))
		case "allOf", "anyOf", "oneOf":
			parts = append(parts, value.([]any)...)
		case "items", "additionalProperties":
			parts = append(parts, value)
		}
	}
	if keywords == nil && schema != true {
		return fmt.Errorf("not a schema: %v", schema)
	}
	for _, part := range parts {
		if err := d.checkSchema(part); err != nil {
			return err
		}
	}
	return nil
}
