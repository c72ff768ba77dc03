{{- define "impala-balancer.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end -}}
{{- end -}}

{{- define "impala-balancer.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "impala-balancer.labels" -}}
{{ include "impala-balancer.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "impala-balancer.coordinators" -}}
{{- if .Values.coordinators -}}
coordinators = {{ toJson .Values.coordinators }}
{{- else -}}
{{- $service := required "coordinators, or discovery.service, is needed" .Values.discovery.service -}}
{{- if not (contains "." $service) }}{{ $service = printf "%s.%s" $service .Release.Namespace }}{{ end -}}
discover.srv {
  {{- range $protocol, $port := .Values.discovery.ports }}
  {{ $protocol }} = "_{{ $port }}._tcp.{{ $service }}.svc.{{ $.Values.discovery.clusterDomain }}"
  {{- end }}
}
{{- end -}}
{{- end -}}
