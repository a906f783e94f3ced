import { Link, useParams } from '@tanstack/react-router';
import { Button, Form, Input, Modal, Select } from 'antd';
import { useState } from 'react';
import { patch, post } from '../../api/client';
import type { Schema } from '../../api/operation';
import { useAct, useGet } from '../../api/query';
import { moment } from '../../format';
import { separator, textOf, useLang, useText } from '../../i18n';
import { useMay } from '../../session';
import { ListPage } from '../../ui/console/ListPage';
import { FactStrip, PageHead } from '../../ui/Page';
import { ErrorView, Loaded } from '../../ui/States';
import { messages } from './messages';
import { PeopleList } from './People';

type Institution = Schema<'Institution'>;
type Kind = Institution['kind'];

const KINDS: Kind[] = [
  'state_organ',
  'authorised_organisation',
  'public_service_operator',
  'national_agency',
  'authority',
  'working_body',
  'government',
  'expert_committee',
  'regulator',
];

export function useKinds() {
  const { lang } = useLang();
  return KINDS.map((k) => ({ value: k, label: textOf(messages, lang, `kind_${k}`) }));
}

export function Institutions() {
  const t = useText(messages);
  const { lang } = useLang();
  const kinds = useKinds();
  const may = useMay();
  const [creating, setCreating] = useState(false);
  return (
    <>
      <PageHead
        title={t('title')}
        lead={t('lead')}
        action={
          may('institution.manage') && (
            <Button type="primary" onClick={() => setCreating(true)}>
              {t('newInstitution')}
            </Button>
          )
        }
      />
      <ListPage
        id="institutions"
        path="/institutions"
        caption={t('caption')}
        filters={[
          { key: 'q', title: t('name') },
          { key: 'kind', title: t('kind'), options: kinds, width: 200 },
        ]}
        rowKey={(i) => i.id}
        rowHref={(i) => `/organisations/${i.id}`}
        columns={[
          {
            key: 'name',
            title: t('name'),
            narrow: true,
            text: (i) => i.name,
            render: (i) => (
              <span className="title-cell">
                <strong>{i.name}</strong>
                {i.short_name !== i.name && <span className="faint small">{i.short_name}</span>}
              </span>
            ),
          },
          {
            key: 'kind',
            title: t('kind'),
            narrow: true,
            text: (i) => textOf(messages, lang, `kind_${i.kind}`),
            render: (i) => textOf(messages, lang, `kind_${i.kind}`),
          },
          {
            key: 'division',
            title: t('division'),
            nowrap: true,
            text: (i) => i.division_name ?? i.division,
            render: (i) => i.division_name ?? i.division,
          },
          {
            key: 'first',
            title: t('first'),
            nowrap: true,
            text: (i) => i.responsible.first ?? '',
            render: (i) => i.responsible.first || '—',
          },
          {
            key: 'leader',
            title: t('leader'),
            nowrap: true,
            text: (i) => i.responsible.leader ?? '',
            render: (i) => i.responsible.leader || '—',
          },
          {
            key: 'uscc',
            title: t('uscc'),
            hidden: true,
            text: (i) => i.uscc ?? '',
            render: (i) => <code>{i.uscc ?? ''}</code>,
          },
        ]}
        empty={{ title: t('noInstitutions'), text: t('noInstitutionsText') }}
      />
      {creating && <InstitutionForm close={() => setCreating(false)} />}
    </>
  );
}

export function InstitutionDetail() {
  const { id } = useParams({ strict: false }) as { id: string };
  const t = useText(messages);
  const { lang } = useLang();
  const may = useMay();
  const [editing, setEditing] = useState(false);
  const institution = useGet('/institutions/{id}', { path: { id } });
  return (
    <Loaded query={institution}>
      {(i) => (
        <>
          <PageHead
            title={i.name}
            crumbs={<Link to={'/organisations' as never}>{t('title')}</Link>}
            lead={textOf(messages, lang, `kind_${i.kind}`)}
            action={
              <>
                <Link to={'/catalog' as never} search={{ unit: i.id } as never} className="button">
                  {t('catalogOf')}
                </Link>
                {may('institution.manage') && (
                  <Button type="primary" onClick={() => setEditing(true)}>
                    {t('edit')}
                  </Button>
                )}
              </>
            }
          />
          <div className="stack">
            <FactStrip
              facts={[
                { label: t('division'), value: `${i.division_name ?? ''} ${i.division}` },
                { label: t('uscc'), value: i.uscc ? <code>{i.uscc}</code> : '—' },
                { label: t('first'), value: i.responsible.first || '—' },
                { label: t('leader'), value: i.responsible.leader || '—' },
                { label: t('managers'), value: i.responsible.managers?.join(separator()) || '—' },
              ]}
            />
            <p className="faint small">
              {t('updated')} {moment(i.updated_at, lang)}
            </p>
            {may('person.manage') && <PeopleList institution={i.id} />}
          </div>
          {editing && <InstitutionForm institution={i} close={() => setEditing(false)} />}
        </>
      )}
    </Loaded>
  );
}

interface Answers {
  name: string;
  short_name: string;
  kind: Kind;
  division: string;
  uscc?: string;
  first?: string;
  leader?: string;
  managers?: string;
}

function InstitutionForm({ institution: i, close }: { institution?: Institution; close: () => void }) {
  const t = useText(messages);
  const kinds = useKinds();
  const divisions = useGet('/divisions', {}, { staleTime: Number.POSITIVE_INFINITY });
  const [form] = Form.useForm<Answers>();
  const save = useAct((a: Answers) => {
    const body = {
      name: a.name,
      short_name: a.short_name,
      kind: a.kind,
      division: a.division,
      uscc: a.uscc || undefined,
      parent_id: i?.parent_id ?? undefined,
      responsible: {
        first: a.first ?? '',
        leader: a.leader ?? '',
        managers: (a.managers ?? '')
          .split(/[、,，]/)
          .map((m) => m.trim())
          .filter(Boolean),
      },
    };
    return i
      ? patch('/institutions/{id}', { path: { id: i.id }, body: { ...body, revision: i.revision } })
      : post('/institutions', { body });
  }, close);
  const required = [{ required: true, message: t('required') }];
  return (
    <Modal
      open
      title={i ? t('edit') : t('newInstitution')}
      okText={t('save')}
      okButtonProps={{ loading: save.isPending }}
      onOk={() => form.submit()}
      onCancel={close}
    >
      <Form
        form={form}
        layout="vertical"
        onFinish={(a) => save.mutate(a)}
        initialValues={
          i
            ? {
                ...i,
                uscc: i.uscc ?? undefined,
                first: i.responsible.first,
                leader: i.responsible.leader,
                managers: i.responsible.managers?.join(separator()),
              }
            : { kind: 'state_organ' }
        }
      >
        <Form.Item name="name" label={t('name')} rules={required}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="short_name" label={t('shortName')} rules={required}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="kind" label={t('kind')} rules={required}>
          <Select options={kinds} />
        </Form.Item>
        <Form.Item name="division" label={t('division')} rules={required}>
          <Select
            showSearch={{ optionFilterProp: 'label' }}
            options={(divisions.data ?? []).map((d) => ({ value: d.code, label: `${d.name} ${d.code}` }))}
          />
        </Form.Item>
        <Form.Item name="uscc" label={t('uscc')}>
          <Input maxLength={18} />
        </Form.Item>
        <Form.Item name="first" label={t('first')}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="leader" label={t('leader')}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="managers" label={t('managers')} extra={t('managersHint')}>
          <Input />
        </Form.Item>
        {save.error && <ErrorView error={save.error} inline />}
      </Form>
    </Modal>
  );
}
