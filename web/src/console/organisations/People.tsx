import { Button, Form, Input, Modal, Select, Switch } from 'antd';
import { useState } from 'react';
import { patch, post } from '../../api/client';
import type { Schema } from '../../api/operation';
import { useAct, useGet } from '../../api/query';
import type { Role } from '../../api/types';
import { separator, textOf, useLang, useText } from '../../i18n';
import { useMay } from '../../session';
import { ListPage } from '../../ui/console/ListPage';
import { PageHead } from '../../ui/Page';
import { ErrorView } from '../../ui/States';
import { Tag } from '../../ui/Tags';
import { messages as frame } from '../frame/messages';
import { messages } from './messages';

type Person = Schema<'Person'>;
const ROLES: Role[] = [
  'administrator',
  'reviewer',
  'cataloguer',
  'data_manager',
  'approver',
  'applicant',
  'expert',
  'decider',
  'auditor',
];

export function People() {
  const t = useText(messages);
  return (
    <>
      <PageHead title={t('peopleTitle')} lead={t('peopleLead')} />
      <PeopleList />
    </>
  );
}

export function PeopleList({ institution }: { institution?: string }) {
  const t = useText(messages);
  const { lang } = useLang();
  const may = useMay();
  const [editing, setEditing] = useState<Person | 'new'>();
  const institutions = useGet(
    '/institutions',
    { query: { limit: 200 } },
    { staleTime: 60_000 },
  );
  const nameOf = (id: string) => institutions.data?.items.find((i) => i.id === id)?.name ?? id;
  const roleNames = (p: Person) => p.roles.map((r) => textOf(frame, lang, `role_${r}`));
  return (
    <>
      <ListPage
        id="people"
        path="/people"
        caption={t('peopleCaption')}
        fixed={{ institution }}
        filters={
          institution
            ? []
            : [
                {
                  key: 'institution',
                  title: t('institution'),
                  width: 240,
                  options: (institutions.data?.items ?? []).map((i) => ({ value: i.id, label: i.name })),
                },
              ]
        }
        tools={
          may('person.manage') && (
            <Button type="primary" onClick={() => setEditing('new')}>
              {t('newPerson')}
            </Button>
          )
        }
        rowKey={(p) => p.id}
        columns={[
          {
            key: 'name',
            title: t('name'),
            narrow: true,
            text: (p) => p.name,
            render: (p) =>
              may('person.manage') ? (
                <button type="button" className="link-button" onClick={() => setEditing(p)}>
                  {p.name}
                </button>
              ) : (
                p.name
              ),
          },
          { key: 'login', title: t('login'), text: (p) => p.login, render: (p) => <code>{p.login}</code> },
          {
            key: 'institution',
            title: t('institution'),
            text: (p) => nameOf(p.institution_id),
            render: (p) => nameOf(p.institution_id),
          },
          {
            key: 'roles',
            title: t('roles'),
            narrow: true,
            text: (p) => roleNames(p).join(separator()),
            render: (p) => roleNames(p).join(separator()),
          },
          {
            key: 'state',
            title: t('state'),
            text: (p) => (p.active ? t('active') : t('inactive')),
            render: (p) => <Tag tone={p.active ? 'good' : 'plain'}>{p.active ? t('active') : t('inactive')}</Tag>,
          },
        ]}
        empty={{ title: t('noPeople'), text: t('noPeopleText') }}
      />
      {editing && (
        <PersonForm
          person={editing === 'new' ? undefined : editing}
          institution={institution}
          institutions={institutions.data?.items ?? []}
          close={() => setEditing(undefined)}
        />
      )}
    </>
  );
}

interface Answers {
  institution_id: string;
  name: string;
  login: string;
  password?: string;
  roles: Role[];
  active: boolean;
}

function PersonForm({
  person,
  institution,
  institutions,
  close,
}: {
  person?: Person;
  institution?: string;
  institutions: { id: string; name: string }[];
  close: () => void;
}) {
  const t = useText(messages);
  const { lang } = useLang();
  const [form] = Form.useForm<Answers>();
  const save = useAct(
    ({ active, ...a }: Answers) =>
      person
        ? patch('/people/{id}', {
            path: { id: person.id },
            body: { roles: a.roles, active, password: a.password || undefined },
          })
        : post('/people', { body: { ...a, password: a.password ?? '' } }),
    close,
  );
  const required = [{ required: true, message: t('required') }];
  return (
    <Modal
      open
      title={person ? `${t('editPerson')} · ${person.name}` : t('newPerson')}
      okText={t('save')}
      okButtonProps={{ loading: save.isPending }}
      onOk={() => form.submit()}
      onCancel={close}
    >
      <Form
        form={form}
        layout="vertical"
        initialValues={person ?? { institution_id: institution, roles: [], active: true }}
        onFinish={(a) => save.mutate(a)}
      >
        {!person && (
          <>
            <Form.Item name="institution_id" label={t('institution')} rules={required}>
              <Select
                showSearch={{ optionFilterProp: 'label' }}
                options={institutions.map((i) => ({ value: i.id, label: i.name }))}
              />
            </Form.Item>
            <Form.Item name="name" label={t('name')} rules={required}>
              <Input maxLength={200} />
            </Form.Item>
            <Form.Item name="login" label={t('login')} rules={required}>
              <Input maxLength={64} autoComplete="off" />
            </Form.Item>
          </>
        )}
        <Form.Item name="roles" label={t('roles')} rules={required}>
          <Select mode="multiple" options={ROLES.map((r) => ({ value: r, label: textOf(frame, lang, `role_${r}`) }))} />
        </Form.Item>
        <Form.Item
          name="password"
          label={person ? t('newPassword') : t('password')}
          extra={t('passwordHint')}
          rules={person ? [] : required}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        {person && (
          <Form.Item name="active" label={t('state')} valuePropName="checked">
            <Switch checkedChildren={t('active')} unCheckedChildren={t('inactive')} />
          </Form.Item>
        )}
        {save.error && <ErrorView error={save.error} inline />}
      </Form>
    </Modal>
  );
}
